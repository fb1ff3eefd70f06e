import { dirname } from "node:path";
import type { JournalFile, JournalFs, OpenMode } from "../../../remote-agent/src/run/journal/fs.ts";

type Change =
  | { readonly kind: "write"; readonly bytes: Buffer; readonly at: number }
  | { readonly kind: "truncate"; readonly size: number };
type NameChange = { readonly path: string; readonly inode: Inode | undefined };

interface Inode {
  /** What a reader sees. */
  live: Buffer;
  /** What a crash keeps for certain. */
  durable: Buffer;
  /** Made since the last sync, in order: a crash keeps some of the first. */
  unsynced: Change[];
}

export type Operation =
  | "open"
  | "write"
  | "read"
  | "truncate"
  | "datasync"
  | "close"
  | "list"
  | "makeDir"
  | "syncDir"
  | "rename"
  | "remove";

/**
 * A file system in memory that forgets, at a crash, what was not synced, and fails where a test says. A failed sync
 * drops the unsynced changes although readers still see them, as Linux does.
 */
export class MemoryFs implements JournalFs {
  /** Throw to fail an operation; return a number to write no more than so many bytes. */
  intercept: (operation: Operation, path: string) => number | undefined = () => undefined;
  /** Bytes that may still be allocated. */
  free = Number.POSITIVE_INFINITY;
  readonly operations: { operation: Operation; path: string }[] = [];
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #unsyncedNames: NameChange[] = [];
  #dead = false;

  /** The file system after a power cut: `chance(n)` picks 0…n for how much of the unsynced survived. */
  crash(chance: (n: number) => number): MemoryFs {
    this.#dead = true;
    const names = new Map(this.#durableNames);
    for (const { path, inode } of this.#unsyncedNames.slice(0, chance(this.#unsyncedNames.length)))
      setName(names, path, inode);
    const after = new MemoryFs();
    const kept = new Map<Inode, Inode>();
    for (const [path, inode] of names) {
      const survivor = kept.get(inode) ?? survive(inode, chance);
      kept.set(inode, survivor);
      after.#names.set(path, survivor);
      after.#durableNames.set(path, survivor);
    }
    return after;
  }

  content(path: string): Buffer {
    const inode = this.#names.get(path);
    if (!inode) throw failure("ENOENT", path);
    return inode.live;
  }

  put(path: string, bytes: Buffer): void {
    const inode = { live: bytes, durable: bytes, unsynced: [] };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  get paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  clone(): MemoryFs {
    const copy = new MemoryFs();
    for (const [path, inode] of this.#names) copy.put(path, Buffer.from(inode.live));
    return copy;
  }

  async open(path: string, how: OpenMode): Promise<JournalFile> {
    await this.#begin("open", path);
    let inode = this.#names.get(path);
    if (how === "create" && inode) throw failure("EEXIST", path);
    if ((how === "edit" || how === "read") && !inode) throw failure("ENOENT", path);
    if (!inode) {
      inode = { live: Buffer.alloc(0), durable: Buffer.alloc(0), unsynced: [] };
      this.#rename(path, inode);
    }
    if (how === "overwrite") this.#truncate(inode, 0);
    return this.#file(path, inode);
  }

  async list(dir: string): Promise<string[]> {
    await this.#begin("list", dir);
    return this.paths.filter((path) => dirname(path) === dir).map((path) => path.slice(dir.length + 1));
  }

  async makeDir(dir: string): Promise<void> {
    await this.#begin("makeDir", dir);
  }

  async syncDir(dir: string): Promise<void> {
    await this.#begin("syncDir", dir);
    const inDir = ({ path }: NameChange) => dirname(path) === dir;
    for (const change of this.#unsyncedNames.filter(inDir)) setName(this.#durableNames, change.path, change.inode);
    this.#unsyncedNames = this.#unsyncedNames.filter((change) => !inDir(change));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin("rename", from);
    const inode = this.#names.get(from);
    if (!inode) throw failure("ENOENT", from);
    this.#rename(to, inode);
    this.#rename(from, undefined);
  }

  async remove(path: string): Promise<void> {
    await this.#begin("remove", path);
    const inode = this.#names.get(path);
    if (!inode) return;
    this.free += inode.live.length;
    this.#rename(path, undefined);
  }

  #file(path: string, inode: Inode): JournalFile {
    let open = true;
    const begin = async (operation: Operation) => {
      if (!open) throw failure("EBADF", path);
      return this.#begin(operation, path);
    };
    return {
      write: async (bytes, position) => {
        const limit = (await begin("write")) ?? bytes.byteLength;
        const growth = Math.max(0, position + bytes.byteLength - inode.live.length);
        const room = bytes.byteLength - Math.max(0, growth - this.free);
        const written = Math.min(limit, room, bytes.byteLength);
        if (written <= 0) throw failure("ENOSPC", path);
        this.free -= Math.max(0, position + written - inode.live.length);
        const change: Change = { kind: "write", bytes: Buffer.from(bytes.subarray(0, written)), at: position };
        inode.live = applied(inode.live, change);
        inode.unsynced.push(change);
        return written;
      },
      read: async (into, position) => {
        await begin("read");
        return inode.live.copy(into, 0, position, position + into.byteLength);
      },
      truncate: async (size) => {
        await begin("truncate");
        this.#truncate(inode, size);
      },
      datasync: async () => {
        try {
          await begin("datasync");
        } catch (error) {
          inode.unsynced = [];
          throw error;
        }
        for (const change of inode.unsynced) inode.durable = applied(inode.durable, change);
        inode.unsynced = [];
      },
      size: async () => inode.live.length,
      close: async () => {
        await begin("close");
        open = false;
      },
    };
  }

  #truncate(inode: Inode, size: number): void {
    this.free += Math.max(0, inode.live.length - size);
    const change: Change = { kind: "truncate", size };
    inode.live = applied(inode.live, change);
    inode.unsynced.push(change);
  }

  #rename(path: string, inode: Inode | undefined): void {
    setName(this.#names, path, inode);
    this.#unsyncedNames.push({ path, inode });
  }

  async #begin(operation: Operation, path: string): Promise<number | undefined> {
    await Promise.resolve();
    this.operations.push({ operation, path });
    const limit = this.#dead ? undefined : this.intercept(operation, path);
    // After the power cut, which an intercepted operation may have met, nothing answers any more.
    return this.#dead ? new Promise(() => undefined) : limit;
  }
}

export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function setName(names: Map<string, Inode>, path: string, inode: Inode | undefined): void {
  if (inode) names.set(path, inode);
  else names.delete(path);
}

/** A prefix of the unsynced changes, the last of them perhaps in part. */
function survive(inode: Inode, chance: (n: number) => number): Inode {
  const count = chance(inode.unsynced.length);
  let bytes = inode.durable;
  inode.unsynced.slice(0, count).forEach((change, index) => {
    const cut =
      change.kind === "write" && index === count - 1
        ? { ...change, bytes: change.bytes.subarray(0, chance(change.bytes.length)) }
        : change;
    bytes = applied(bytes, cut);
  });
  return { live: bytes, durable: bytes, unsynced: [] };
}

function applied(bytes: Buffer, change: Change): Buffer {
  if (change.kind === "truncate") {
    return Buffer.concat([bytes.subarray(0, change.size), Buffer.alloc(Math.max(0, change.size - bytes.length))]);
  }
  const size = Math.max(bytes.length, change.at + change.bytes.length);
  const result = Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
  change.bytes.copy(result, change.at);
  return result;
}
