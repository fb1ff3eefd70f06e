import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { hashOfBeginning, type LocalFile, uploadFile } from "../deploy/uploadFile.ts";
import { say } from "../ssh/sentence.ts";
import { quoted } from "../ssh/shellScript.ts";
import { type Transport, TransportError } from "../ssh/transport.ts";

/** The folder is no model; the message is a sentence for the user. */
export class NoModelFolder extends Error {
  override readonly name = "NoModelFolder";
}

export interface ModelUpload {
  /** A Hugging Face folder of this computer. */
  readonly folder: string;
  /** Folder of the host's settings, `~` at its beginning being the home there. */
  readonly root: string;
  /** Bytes that are there, of all. */
  readonly onProgress: (file: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Uploads a model's configuration, tokenizer and safetensors to `models/NAME` below the host's folder; what is there already is not sent
 * again, and a cut costs only what was under way. @returns the folder on the host, for `model:`. @throws NoModelFolder, TransportError
 */
export async function uploadModel(transport: Transport, upload: ModelUpload): Promise<string> {
  const { folder, root, onProgress, signal } = upload;
  const names = await modelFiles(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size));
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const target = await folderOnHost(transport, root, nameOf(folder), total, signal);
  let done = 0;
  // What makes the folder a model comes last: half of one is never taken for whole.
  const order = names.map((name, i) => ({ name, bytes: sizes[i] ?? 0 })).sort((a, b) => rank(a.name) - rank(b.name));
  for (const { name, bytes } of order) {
    const file = path.join(folder, name);
    onProgress(name, done, total);
    const local: LocalFile = { path: file, bytes, sha256: await hashOfBeginning(file, bytes, signal) };
    await uploadFile(transport, local, `${target}/${name}`, {
      mode: 0o644,
      signal,
      onProgress: (there) => onProgress(name, done + there, total),
    });
    done += bytes;
  }
  return target;
}

/** What of a folder is uploaded. @throws NoModelFolder */
export async function modelFiles(folder: string): Promise<string[]> {
  const all = await readdir(folder).catch(() => []);
  const names = all.filter((name) => /\.(safetensors|json|jinja)$|^(vocab|merges)\.txt$|\.model$/.test(name)).sort();
  for (const needed of ["config.json", "tokenizer.json"])
    if (!names.includes(needed))
      throw new NoModelFolder(`${folder} is no Hugging Face model folder: it has no ${needed}.`);
  if (!names.some((name) => name.endsWith(".safetensors")))
    throw new NoModelFolder(`${folder} has no weights (*.safetensors).`);
  return names;
}

/** A snapshot of the Hugging Face cache is named by its commit; its model's name is two folders above. */
function nameOf(folder: string): string {
  const parts = path.resolve(folder).split(path.sep);
  const repository = parts.at(-2) === "snapshots" ? parts.at(-3)?.replace(/^models--/, "") : undefined;
  return (repository ?? parts.at(-1) ?? "model").replace(/[^\w.-]/g, "-");
}

function rank(name: string): number {
  if (name === "config.json") return 2;
  return name.endsWith(".safetensors") ? 0 : 1;
}

async function folderOnHost(
  transport: Transport,
  root: string,
  name: string,
  bytes: number,
  signal: AbortSignal,
): Promise<string> {
  const script = `r=${quoted(root)}
case $r in "~"*) r="$HOME\${r#"~"}" ;; esac
d="$r/models/"${quoted(name)}
mkdir -p "$d" && chmod 700 "$r" || exit 73
have=$(du -sk "$d" | cut -f1); free=$(df -Pk "$d" | awk 'NR==2{print $4}')
[ $((free + have)) -ge ${Math.ceil(bytes / 1024)} ] || { echo "$free" >&2; exit 28; }
printf '%s\\n' "$d"`;
  const made = await transport.exec(script, { timeoutMs: 60_000, signal });
  if (made.code === 0) return made.stdout.trim();
  const gib = (value: number) => `${(value / 2 ** 30).toFixed(1)} GiB`;
  if (made.code === 28) {
    const free = Number(made.stderr.trim().split("\n").at(-1)) * 1024;
    throw new TransportError(
      "no_room",
      say`The model takes ${gib(bytes)}, and ${gib(free)} are free on ${transport.host}: free some space, or choose another folder in the setting rzero.hosts.`,
    );
  }
  throw new TransportError(
    "denied",
    say`The folder for models could not be made on ${transport.host}: ${made.stderr.trim()}`,
  );
}
