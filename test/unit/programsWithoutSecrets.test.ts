import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { engine, gpus, python } from "../../remote-agent/src/cli/doctorProbes.ts";
import { merger } from "../../remote-agent/src/cli/merge.ts";
import { placeOf } from "../../remote-agent/src/sandbox/interpreter.ts";

const planted = {
  WANDB_API_KEY: "planted-wandb",
  RZERO_ALARM_WEBHOOK: "planted-webhook",
  RZERO_ENGINE_TOKEN: "planted-engine",
  OPENAI_API_KEY: "planted-endpoint",
  HF_TOKEN: "planted-hub",
  HUGGING_FACE_HUB_TOKEN: "planted-hub-of-before",
};
let folder: string;
/** A program that notes the environment it was started with. */
let program: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rzero-programs-"));
  program = path.join(folder, "nvidia-smi");
  await writeFile(program, `#!/bin/sh\nenv > '${folder}/seen'\n`);
  await chmod(program, 0o755);
  const all = { ...planted, SEEN: "also", PATH: `${folder}:${process.env["PATH"]}` };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const installation = () => ({
  home: folder,
  python: program,
  enginePackageDir: folder,
  agentBundle: program,
  env: process.env,
});

it.each([
  ["the sandbox asks where Python lies", () => placeOf(program)],
  ["`rzero doctor` asks Python for its packages", () => python(program, process.env)],
  ["`rzero doctor` tries the engine", () => engine(installation() as never)],
  ["`rzero doctor` asks for GPUs", () => gpus()],
  [
    "adapters are merged",
    () => merger(installation() as never, new AbortController().signal)({ base: "b", adapter: "a", out: "o" } as never),
  ],
])("no program is handed a secret that it does not need: %s", async (_, start) => {
  await start().catch(() => undefined); // it prints nothing that could be used
  const seen = await readFile(path.join(folder, "seen"), "utf8");
  expect(seen).toContain("SEEN=also");
  expect(seen).not.toContain("planted");
});
