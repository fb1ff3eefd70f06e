import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import * as z from "zod";
import { errorCode } from "./errors.ts";

/** Who owns a run. `nonce` names one taking of the lock; two by the same process differ. */
export const Owner = z.object({
  nonce: z.uuid(),
  host: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
  pid: z.int(),
  start: z.string(),
  /** The batch job the owner is: its node, and how often the job was put back into the queue before. */
  slurm: z.object({ job: z.string(), node: z.string(), restart: z.int() }).optional(),
});
export type Owner = z.infer<typeof Owner>;

export const Lease = Owner.extend({
  epoch: z.int().nonnegative(),
  /** Owner's clock, ms since 1970; only for people. Age is measured by the file system's clock. */
  renewedAt: z.number(),
});
export type Lease = z.infer<typeof Lease>;

/** A file of the lock with its age by the file system's own clock, so that clocks of two hosts are never compared. */
export interface Aged<T> {
  readonly value: T;
  readonly mtimeMs: number;
}

/** Reads and parses; undefined when the file is not there or does not hold what it should. */
export async function readAged<T>(path: string, schema: z.ZodType<T>): Promise<Aged<T> | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    const parsed = schema.safeParse(parseJson(await readFile(path, "utf8")));
    return parsed.success ? { value: parsed.data, mtimeMs } : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

export async function mtimeMs(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

/** A complete, synced file under a name of its own, to be linked or renamed to where it belongs. */
export async function writeTemporary(dir: string, content: unknown): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = `${dir}/.lock-${randomUUID()}`;
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content)}\n`);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return path;
}

/**
 * Gives `temporary` the name `path` if nobody has it: link(2) is atomic on NFS too, where open with O_EXCL has not
 * always been. When the answer to a successful link is lost, the link count tells.
 */
export async function linkExclusively(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    return (await stat(temporary)).nlink === 2;
  }
}

export async function replaceDurably(dir: string, name: string, content: unknown): Promise<void> {
  const temporary = await writeTemporary(dir, content);
  await rename(temporary, `${dir}/${name}`);
  await syncDirectory(dir);
}

/**
 * Makes a file young again where there is no room for a new one: its first byte is written as it is, which needs no new
 * block and leaves the age to the file system's clock.
 */
export async function touchInPlace(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, 0);
    await handle.write(buffer, 0, bytesRead, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what interrupted takings left: temporaries older than an hour and claims on owners that are replaced. */
export async function sweep(dir: string, keepNonce: string): Promise<void> {
  const hourAgo = Date.now() - 3_600_000;
  for (const name of await readdir(dir)) {
    const path = `${dir}/${name}`;
    const isOldClaim = name.startsWith("LOCK.claim-") && name !== `LOCK.claim-${keepNonce}`;
    const isTemporary = name.startsWith(".lock-") && ((await readStatTime(path)) ?? hourAgo) < hourAgo;
    if (isOldClaim || isTemporary) await rm(path, { force: true });
  }
}

async function readStatTime(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
