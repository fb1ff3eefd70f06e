/** The command ids of package.json, in one place; a test compares the two. */
export const commands = {
  runDemo: "rzero.runDemo",
  listRuns: "rzero.listRuns",
  checkMachine: "rzero.checkMachine",
} as const;

export type CommandId = (typeof commands)[keyof typeof commands];
