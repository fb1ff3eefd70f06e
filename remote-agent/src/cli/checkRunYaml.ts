import { ConfigInvalid } from "../protocol/configFile.ts";
import type { RunYamlProblem } from "../protocol/launching.ts";
import { configOfText } from "./runConfigOf.ts";

/** What is wrong with a run.yaml, each with its place and remedy; empty when it can be started. */
export function problemsOf(text: string): RunYamlProblem[] {
  try {
    configOfText(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    return error.problems.map(({ field, line, column, message, remedy }) => ({ field, line, column, message, remedy }));
  }
}
