import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { LocalFile } from "./uploadFile.ts";

/** Node as an npm package without install scripts: the version and what its archives must hash to (the registry's integrity). */
export const NODE_VERSION = "24.21.0";
const packages = {
  "linux-x64": "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  "linux-arm64": "FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
} as const;
export type NodePlatform = keyof typeof packages;

/** A runtime that a host can be given: an npm package as a gzipped tar with `package/bin/node` in it. */
export interface NodeRuntime extends LocalFile {
  readonly platform: NodePlatform;
}

export interface RuntimeSource {
  /** Where archives are kept on this computer. */
  readonly cache: string;
  readonly registry: string;
  readonly fetch: typeof fetch;
}

/** The archive could not be downloaded or is not what it must be; the message is a sentence for the user. */
export class RuntimeUnavailable extends Error {
  override readonly name = "RuntimeUnavailable";
}

/** What `uname -s -m` prints, as a platform that a runtime exists for. */
export function platformOf(os: string): NodePlatform | null {
  if (/^Linux x86_64/.test(os)) return "linux-x64";
  return /^Linux (aarch64|arm64)/.test(os) ? "linux-arm64" : null;
}

/** The runtime's archive on this computer, downloaded once and checked each time. @throws RuntimeUnavailable */
export async function nodeRuntime(
  platform: NodePlatform,
  { cache, registry, fetch: get }: RuntimeSource,
  onProgress: (bytes: number, total: number | null) => void,
  signal: AbortSignal,
): Promise<NodeRuntime> {
  const name = `node-${platform}`;
  const file = path.join(cache, `${name}-${NODE_VERSION}.tgz`);
  const kept = await checked(file, platform);
  if (kept !== null) return kept;
  const url = `${registry.replace(/\/+$/, "")}/${name}/-/${name}-${NODE_VERSION}.tgz`;
  await mkdir(cache, { recursive: true });
  const part = `${file}.${process.pid}.part`;
  try {
    await download(url, part, get, onProgress, signal);
    if ((await checked(part, platform)) === null) {
      throw new RuntimeUnavailable(`${url} is not what it should be (its hash is another) and was not used.`);
    }
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
  const made = await checked(file, platform);
  if (made === null) throw new RuntimeUnavailable(`${file} was changed while it was written; try again.`);
  return made;
}

async function download(
  url: string,
  part: string,
  get: typeof fetch,
  onProgress: (bytes: number, total: number | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(part, "w");
  try {
    const response = await get(url, { signal });
    if (!response.ok || response.body === null) {
      throw new RuntimeUnavailable(`${url} answered ${response.status}: Node could not be downloaded.`);
    }
    const length = Number(response.headers.get("content-length"));
    let bytes = 0;
    for await (const chunk of response.body) {
      await file.write(chunk);
      bytes += chunk.length;
      onProgress(bytes, length > 0 ? length : null);
    }
  } catch (error) {
    if (signal.aborted || error instanceof RuntimeUnavailable) throw error;
    const said = error instanceof Error ? String(error.cause ?? error.message) : String(error);
    throw new RuntimeUnavailable(`Node could not be downloaded from ${url}: ${said}`);
  } finally {
    await file.close();
  }
}

async function checked(file: string, platform: NodePlatform): Promise<NodeRuntime | null> {
  const there = await stat(file).catch(() => null);
  if (there === null) return null;
  const content = await readFile(file);
  if (createHash("sha512").update(content).digest("base64") !== packages[platform]) return null;
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { platform, path: file, bytes: content.length, sha256 };
}
