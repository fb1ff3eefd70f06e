import { commands, type TerminalCommandId } from "./ids.ts";

/** A run of `rzero`: what the terminal is called, and the arguments. */
export interface CommandLine {
  readonly title: string;
  readonly args: readonly string[];
}

/** What each command of the palette runs. A command without an entry does not compile. */
export const commandLines: Record<TerminalCommandId, CommandLine> = {
  [commands.runDemo]: { title: "Demo", args: ["demo", "--headless"] },
  [commands.listRuns]: { title: "Runs", args: ["list"] },
  [commands.checkMachine]: { title: "Check This Machine", args: ["doctor"] },
};
