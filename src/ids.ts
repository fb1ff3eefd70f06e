/** The command ids of package.json, in one place; a test compares the two. */
export const commands = {
  runDemo: "rzero.runDemo",
  listRuns: "rzero.listRuns",
  checkMachine: "rzero.checkMachine",
  checkHost: "rzero.checkHost",
} as const;

export type CommandId = (typeof commands)[keyof typeof commands];
/** Those that run the command line in a terminal. */
export type TerminalCommandId = Exclude<CommandId, typeof commands.checkHost>;
