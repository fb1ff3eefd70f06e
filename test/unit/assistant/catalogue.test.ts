import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { manifestTools, toolsOfManifest } from "../../../scripts/assistant-tools.ts";
import { inputSchema, parsedInput } from "../../../src/assistant/catalogue.ts";
import { toolNames } from "../../../src/assistant/toolNames.ts";

const root = resolve(import.meta.dirname, "../../..");

describe("the manifest's language-model tools", () => {
  it("are those that are registered, with the schemas that inputs are parsed by: `node scripts/assistant-tools.ts` writes them", () => {
    expect(toolsOfManifest()).toEqual(JSON.parse(JSON.stringify(manifestTools())));
  });

  it("have names that VS Code takes, and words for people", async () => {
    const words = z
      .record(z.string(), z.string())
      .parse(JSON.parse(await readFile(join(root, "package.nls.json"), "utf8")));
    for (const { name, toolReferenceName, displayName, userDescription } of manifestTools()) {
      expect(name).toMatch(/^[\w-]+$/);
      expect(toolReferenceName).toMatch(/^\w+$/);
      for (const key of [displayName, userDescription]) expect(words[key.slice(1, -1)], key).toBeTruthy();
    }
  });

  it("allow nothing that they do not name", () => {
    for (const name of Object.values(toolNames)) expect(inputSchema(name)["additionalProperties"], name).toBe(false);
  });
});

describe("an input that a language model made", () => {
  it("is filled up with defaults", () => {
    expect(parsedInput(toolNames.queryQuestions, { run: "last", filter: { kept: true, share: { min: 0.4 } } })).toEqual(
      {
        run: "last",
        filter: { kept: true, share: { min: 0.4 } },
        sort: { by: "order", descending: false },
        limit: 20,
        at: 0,
      },
    );
    expect(parsedInput(toolNames.listRuns, undefined)).toEqual({ at: 0 });
  });

  it.each([
    [toolNames.queryQuestions, {}, /rzero_queryQuestions is not right: run: /],
    [toolNames.queryQuestions, { run: "a", limit: 5000 }, /limit/],
    [toolNames.queryQuestions, { run: "a", filter: { sql: "1=1" } }, /filter/],
    [toolNames.stopRun, { run: "a", force: true }, /force/],
    [toolNames.launchRun, { host: "h" }, /one of the two/],
    [toolNames.launchRun, { host: "h", preset: "demo", runYaml: "model: x" }, /one of the two/],
    [toolNames.launchRun, { host: "h", preset: "demo", settings: { a: { b: 1 } } }, /settings/],
    [toolNames.launchRun, { host: "h", runYaml: "x".repeat(20_001) }, /runYaml/],
  ])("%s refuses %j with a sentence", (name, input, why) => expect(() => parsedInput(name, input)).toThrow(why));
});
