import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { pack } from "tar-stream";
import * as z from "zod";

/** What is brought to a host: agent, engine and set-up as one archive, named by its content. */
export interface Payload {
  /** SHA-256 over names and contents, 32 hex digits: the same files have the same name wherever they were packed. */
  readonly id: string;
  /** A gzipped tar. */
  readonly archive: Buffer;
}

/** In a thread of its own: the editor does not stand still meanwhile. */
const compressed = promisify(gzip);

interface Part {
  readonly folder: string;
  readonly keep: (name: string) => boolean;
}

/** In the archive as in a checkout, so that the agent finds engine and set-up where it always does. */
const parts: readonly Part[] = [
  { folder: "dist/agent", keep: (name) => name.endsWith(".mjs") },
  { folder: "remote-agent/engine/rzero_engine", keep: (name) => name.endsWith(".py") },
  { folder: "remote-agent/engine", keep: (name) => /^requirements(-test)?\.txt$/.test(name) },
  { folder: "scripts/setup", keep: (name) => name.endsWith(".mjs") },
  { folder: "", keep: (name) => name === "package.json" },
];

/** Packs what lies in the extension's folder. @throws the file system's error when a part is missing */
export async function packPayload(extensionFolder: string): Promise<Payload> {
  const names = (await Promise.all(parts.map((part) => filesOf(extensionFolder, part)))).flat();
  const files = await Promise.all(
    [...new Set(names)].sort().map(async (name) => {
      const content = await readFile(path.join(extensionFolder, name));
      return { name, content: name === "package.json" ? needed(content) : content };
    }),
  );
  const hash = createHash("sha256");
  const tar = pack();
  for (const { name, content } of files) {
    hash.update(`${name}\0${content.length}\0`).update(content);
    // No times and owners of the packing machine.
    tar.entry({ name, mode: 0o644, mtime: new Date(0) }, content);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array));
  return { id: hash.digest("hex").slice(0, 32), archive: await compressed(Buffer.concat(chunks), { level: 9 }) };
}

const manifest = z.object({ version: z.string(), devDependencies: z.object({ node: z.string() }) });

/** What the set-up reads of package.json. An editor writes the time of its installation into that file. */
function needed(content: Buffer): Buffer {
  const { version, devDependencies } = manifest.parse(JSON.parse(content.toString("utf8")));
  return Buffer.from(JSON.stringify({ name: "rzero", version, type: "module", devDependencies }));
}

async function filesOf(root: string, { folder, keep }: Part): Promise<string[]> {
  const deep = folder.endsWith("rzero_engine");
  const entries = await readdir(path.join(root, folder), { withFileTypes: true, recursive: deep });
  return entries
    .filter((entry) => entry.isFile() && keep(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
}
