import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verifyCheckpoint } from "../../../remote-agent/src/run/journal/manifest.ts";

const FILES: Record<string, string> = {
  "config.json": "{}",
  "model.safetensors": "weights",
  "tokenizer/vocab.json": "[]",
};
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "rzero-checkpoint-"));
  await mkdir(`${dir}/tokenizer`);
  for (const [name, content] of Object.entries(FILES)) await writeFile(`${dir}/${name}`, content);
  await writeManifest(Object.entries(FILES).map(([name, content]) => listed(name, content)));
});

afterEach(() => rm(dir, { recursive: true }));

test("a complete checkpoint is accepted and its manifest given back with the engine's own fields", async () => {
  const manifest = await verifyCheckpoint(dir, { hashes: true });
  expect(manifest.files).toHaveLength(3);
  expect(manifest.step).toBe(12);
});

test("every difference is named", async () => {
  await rm(`${dir}/config.json`);
  await truncate(`${dir}/model.safetensors`, 3);
  const verified = verifyCheckpoint(dir, { hashes: false });
  await expect(verified).rejects.toMatchObject({
    reason: "checkpoint_incomplete",
    problems: ["config.json is missing", "model.safetensors has 3 bytes instead of 7"],
  });
});

test("other content of the same size is found only by hashing", async () => {
  await writeFile(`${dir}/model.safetensors`, "Weights");
  await expect(verifyCheckpoint(dir, { hashes: false })).resolves.toBeDefined();
  await expect(verifyCheckpoint(dir, { hashes: true })).rejects.toThrow("model.safetensors has other content");
});

test.each([
  ["no manifest", () => rm(`${dir}/MANIFEST.json`), "MANIFEST.json is missing"],
  ["half a manifest", () => truncate(`${dir}/MANIFEST.json`, 20), "not JSON"],
  ["a manifest without files", () => writeManifest([]), "MANIFEST.json files"],
  ["a file outside of the checkpoint", () => writeManifest([listed("../x", "")]), "must stay inside"],
  ["an absolute path", () => writeManifest([listed("/etc/passwd", "")]), "must stay inside"],
  ["a hash that is none", () => writeManifest([{ ...listed("config.json", "{}"), sha256: "?" }]), "files.0.sha256"],
])("%s does not count", async (_what, damage, problem) => {
  await damage();
  await expect(verifyCheckpoint(dir, { hashes: true })).rejects.toThrow(problem);
});

function listed(name: string, content: string): { name: string; size: number; sha256: string } {
  return { name, size: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

function writeManifest(files: readonly object[]): Promise<void> {
  return writeFile(`${dir}/MANIFEST.json`, JSON.stringify({ version: 1, step: 12, files }));
}
