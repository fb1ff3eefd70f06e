import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import { smallConfig } from "../support/demoRun.ts";

/** One short iteration whose every training step is saved. */
export function fullDiskConfig(): RunConfig {
  return smallConfig((config) => {
    config.iterations = 1;
    config.checkpoints.durableEvery = 1;
  });
}
