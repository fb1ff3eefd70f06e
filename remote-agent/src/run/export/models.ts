import { copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ResolvedRun } from "../../protocol/config.ts";
import type { CheckpointRecord } from "../../protocol/records.ts";
import { CheckpointRemoved } from "../checkpointFolders.ts";
import { errorCode } from "../journal/errors.ts";
import { CheckpointIncomplete, type Manifest, verifyCheckpoint } from "../journal/manifest.ts";
import { modelCard } from "./cards.ts";
import type { Place } from "./places.ts";

/** A checkpoint to be exported as a model folder. */
export interface ChosenCheckpoint {
  record: CheckpointRecord;
  place: Place;
  /** Name of its folder in the export. */
  folder: string;
}

export interface ModelExport {
  folder: string;
  kind: "full" | "lora";
}

/** Makes a full folder out of an adapter and its base model. */
export type Merge = (o: { base: string; adapter: string; out: string }) => Promise<void>;

/** Of a base model: what a tokenizer and a chat need. */
const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "tokenizer.model",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "generation_config.json",
];
/** Training's own; no model library reads them. */
const NOT_EXPORTED = new Set(["MANIFEST.json", "optimizer.safetensors", "optimizer.json"]);

/**
 * Writes a checkpoint as a folder that `transformers` (all parameters, or merged) or `peft` (an adapter) loads, with tokenizer,
 * chat template, generation settings and a model card. Checksums of the weights are checked on the way.
 * @throws CheckpointRemoved, CheckpointIncomplete
 */
export async function exportModel(
  { record, place, folder }: ChosenCheckpoint,
  o: { runDir: string; run: ResolvedRun; to: string; merge: Merge | null; removed: ReadonlySet<string> },
): Promise<ModelExport> {
  if (o.removed.has(record.id)) throw new CheckpointRemoved("The folder", record.id);
  const source = path.join(o.runDir, record.path ?? "");
  const target = path.join(o.to, folder);
  const manifest = await verifyCheckpoint(source, { hashes: true });
  const lora = manifest.files.some((file) => file.name === "adapter_model.safetensors");
  await mkdir(target, { recursive: true });
  if (lora && o.merge !== null) {
    await o.merge({ base: o.run.modelDir, adapter: source, out: target });
  } else {
    await copyFiles(manifest, source, target);
  }
  if (lora) await copyTokenizer(o.run.modelDir, target);
  const kind = lora && o.merge === null ? "lora" : "full";
  await writeFile(
    path.join(target, "README.md"),
    modelCard({ run: o.run, record, place, kind, merged: lora && kind === "full" }),
  );
  return { folder, kind };
}

async function copyFiles(manifest: Manifest, source: string, target: string): Promise<void> {
  for (const { name } of manifest.files) {
    if (NOT_EXPORTED.has(name)) continue;
    await copyFile(path.join(source, name), path.join(target, name)).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") throw new CheckpointIncomplete(source, [`${name} went while it was copied`]);
      throw error;
    });
  }
}

async function copyTokenizer(modelDir: string, target: string): Promise<void> {
  for (const name of TOKENIZER_FILES) {
    const there = await stat(path.join(target, name)).then(
      () => true,
      () => false,
    );
    if (there) continue;
    await copyFile(path.join(modelDir, name), path.join(target, name)).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error; // a base model has only some of them
    });
  }
}
