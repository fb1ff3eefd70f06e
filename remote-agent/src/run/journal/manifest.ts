import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { errorCode, StorageError } from "./errors.ts";

/** A checkpoint's MANIFEST.json, written last (docs/engine-api.md, Checkpoints). Other fields are kept as they are. */
export const Manifest = z.looseObject({
  version: z.int(),
  files: z
    .array(
      z.object({
        /** Path inside the checkpoint, with `/`. */
        name: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\\\0]+$/, "must stay inside the checkpoint"),
        /** Bytes. */
        size: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
});
export type Manifest = z.infer<typeof Manifest>;

/** The checkpoint does not count: what is in its directory is not what its manifest says, or there is none. */
export class CheckpointIncomplete extends StorageError {
  readonly problems: readonly string[];

  constructor(dir: string, problems: readonly string[]) {
    super(
      "checkpoint_incomplete",
      `The checkpoint in ${dir} is not complete: ${problems.join("; ")}. Use an earlier checkpoint, or restore these files.`,
      { dir, problems },
    );
    this.problems = problems;
  }
}

/**
 * Compares a checkpoint directory with its manifest: names and sizes, and with `hashes` the content (a full read).
 * @throws CheckpointIncomplete naming every difference
 */
export async function verifyCheckpoint(dir: string, options: { readonly hashes: boolean }): Promise<Manifest> {
  const manifest = await readManifest(dir);
  const problems: string[] = [];
  for (const file of manifest.files) {
    const problem = await differs(`${dir}/${file.name}`, file, options.hashes);
    if (problem) problems.push(`${file.name} ${problem}`);
  }
  if (problems.length > 0) throw new CheckpointIncomplete(dir, problems);
  return manifest;
}

async function readManifest(dir: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(`${dir}/MANIFEST.json`, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") throw new CheckpointIncomplete(dir, ["MANIFEST.json is missing"]);
    throw error;
  }
  return parseManifest(dir, text);
}

/** The content of a MANIFEST.json. @throws CheckpointIncomplete naming what is wrong with it */
export function parseManifest(dir: string, text: string): Manifest {
  const parsed = z
    .string()
    .transform((json, context) => {
      try {
        return JSON.parse(json) as unknown;
      } catch {
        context.addIssue("is not JSON");
        return z.NEVER;
      }
    })
    .pipe(Manifest)
    .safeParse(text);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `MANIFEST.json ${issue.path.join(".")} ${issue.message}`);
  throw new CheckpointIncomplete(dir, problems);
}

async function differs(path: string, file: Manifest["files"][number], hashes: boolean): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return "is not a file";
    if (found.size !== file.size) return `has ${found.size} bytes instead of ${file.size}`;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return "is missing";
    throw error;
  }
  if (!hashes) return undefined;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") === file.sha256 ? undefined : "has other content (SHA-256 differs)";
}
