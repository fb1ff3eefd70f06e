import { stringify } from "yaml";
import { demoConfig } from "../../../remote-agent/src/recipes/demoConfig.ts";
import { smallConfig } from "../../support/demoRun.ts";

/** How large the run is that is shown, and how long things may take. */
export interface ShownRun {
  readonly name: string;
  readonly yaml: string;
  readonly iterations: number;
  /** Milliseconds for which the wire is cut. */
  readonly cutMs: number;
  /** Milliseconds that the whole run may take; null: it is long, and ends when it is stopped. */
  readonly wholeMs: number | null;
}

/** More than it comes to before it is stopped, and few enough that its log has no more lines than a terminal opens with. */
const SHOWN_ITERATIONS = 60;

/** `npm test`: every stage, iterations of seconds. */
const small: ShownRun = {
  name: "small",
  yaml: stringify(
    smallConfig((config) => {
      config.name = "small";
      config.iterations = SHOWN_ITERATIONS;
    }),
  ),
  iterations: SHOWN_ITERATIONS,
  cutMs: 4_000,
  wholeMs: null,
};

/** `npm run e2e`: the demo as a person runs it, and an outage of the usual length. */
const demo: ShownRun = {
  name: "demo",
  yaml: stringify(demoConfig(5)),
  iterations: 3,
  cutMs: 20_000,
  wholeMs: 40 * 60_000,
};

export const shownRun = process.env["RZERO_E2E_FULL"] === "1" ? demo : small;
