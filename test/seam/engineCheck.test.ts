// `rzero engine check`: what a server can run is found out by using it.

import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engineCheckCommand } from "../../remote-agent/src/cli/engineCheck.ts";
import { connectEngine } from "../../remote-agent/src/engine/client.ts";
import { checkConformance } from "../../remote-agent/src/engine/conformance.ts";
import { verdicts } from "../../remote-agent/src/engine/conformanceVerdict.ts";
import type { RunningEngine } from "../../remote-agent/src/engine/launcher.ts";
import { type EngineFolder, engineFolder } from "../support/realEngine.ts";
import { type ScriptedEngine, startScriptedEngine } from "../support/scriptedEngine.ts";

let folder: EngineFolder;
let built: RunningEngine;
let foreign: ScriptedEngine;

beforeAll(async () => {
  folder = await engineFolder();
  built = await folder.launch();
  foreign = await startScriptedEngine({ advertise: false });
}, 300_000);

afterAll(async () => {
  await foreign?.close();
  await folder?.remove();
});

test("the built-in engine holds every check and can run everything", async () => {
  const { code, told } = await check(built.url, built.token);
  expect(told.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(told.verdicts.filter(({ possible }) => !possible)).toEqual([]);
  expect(told.calls).toBeGreaterThanOrEqual(40);
  expect(code).toBe(0);
  const client = await connectEngine({ url: built.url, token: built.token });
  expect(await client.status()).toMatchObject({ models: 0, snapshots: 0 }); // it leaves nothing behind
  await client.close();
});

describe("a server that lacks something", () => {
  test("is told what each thing it cannot run needs", async () => {
    const client = await connectEngine({ url: foreign.url, token: foreign.token });
    const results = await checkConformance(client);
    await client.close();
    const named = new Map(results.map((result) => [result.name, result]));
    expect(named.get("grpo_kl")).toEqual({ name: "grpo_kl", ok: false, detail: "not advertised" });
    expect(named.get("full")?.ok).toBe(false);
    const missing = new Map(verdicts(results).map((verdict) => [verdict.what, verdict.missing]));
    expect(missing.get("rewards from the model's confidence")).toEqual(["token_stats"]);
    expect(missing.get("recipe r-zero, policy: full")).toContain("full");
  });
});

describe("the verdict", () => {
  const all = ["lora", "train", "sample", "gap", "stop", "snapshots", "restore", "two_models"];
  const held = (names: string[]) => names.map((name) => ({ name, ok: true, detail: "" }));
  const of = (names: string[], what: string) => verdicts(held(names)).find((verdict) => verdict.what === what);

  test("needs the loss by name or a plain sum, not both", () => {
    expect(of([...all, "grpo_kl"], "recipe r-zero, policy: lora")).toMatchObject({ possible: true, missing: [] });
    expect(of([...all, "plain_sum"], "recipe r-zero, policy: lora")).toMatchObject({ possible: true, missing: [] });
    expect(of(all, "recipe r-zero, policy: lora")).toMatchObject({ possible: false, missing: ["grpo_kl"] });
  });

  test("a preset needs a second model for its frozen reference", () => {
    const one = all.filter((name) => name !== "two_models");
    expect(of([...one, "grpo_kl"], "preset strict")).toMatchObject({ possible: false, missing: ["two_models"] });
  });
});

interface Told {
  calls: number;
  checks: { name: string; ok: boolean; detail: string }[];
  verdicts: { what: string; possible: boolean }[];
}

async function check(url: string, token: string): Promise<{ code: number; told: Told }> {
  const stdout = new PassThrough();
  const world = {
    env: { RZERO_ENGINE_TOKEN: token },
    mainUrl: "",
    program: "rzero",
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    now: () => 0,
    availableMemory: () => 0,
    onInterrupt: () => () => undefined,
  };
  const code = await engineCheckCommand(world, url, { json: true });
  return { code, told: JSON.parse(String(stdout.read())) as Told };
}
