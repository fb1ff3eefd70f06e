import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runConfigOf } from "../../../remote-agent/src/cli/runConfigOf.ts";
import { type RunConfig, runConfig } from "../../../remote-agent/src/protocol/config.ts";
import { demoConfig } from "../../../remote-agent/src/recipes/demoConfig.ts";

/** What decides what a run samples and learns; where it runs and what it keeps is not in it. */
const golden: Record<string, unknown> = JSON.parse(
  readFileSync(new URL("golden/demo-config.json", import.meta.url), "utf8"),
);

function semantic(config: RunConfig) {
  return Object.fromEntries(Object.entries(config).filter(([section]) => section in golden));
}

// The demo's figures are published (docs/benchmarks/demo.md): another number here makes them untrue.
test("the demo's numbers are the published ones, whatever becomes of the presets' defaults", async () => {
  expect(semantic(demoConfig(0))).toEqual(golden);
  const { config } = await runConfigOf(undefined, { preset: "demo", set: [] }, "/");
  expect(semantic(config)).toEqual(golden);
});

test("a resolved configuration resolves to itself", () => {
  expect(runConfig.parse(demoConfig(7))).toEqual(demoConfig(7));
});
