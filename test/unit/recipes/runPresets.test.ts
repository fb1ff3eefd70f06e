import { expect, test } from "vitest";
import { runConfig } from "../../../remote-agent/src/protocol/config.ts";
import { runPresets } from "../../../remote-agent/src/recipes/runPresets.ts";

test.each([...runPresets.keys()])("the ready-made configuration %s is one, with every number", (name) => {
  const config = runPresets.get(name)?.config(3);
  expect(config?.seed).toBe(3);
  expect(runConfig.parse(config)).toEqual(config);
});
