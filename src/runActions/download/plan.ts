import * as z from "zod";
import type { RemoteFile } from "../../../remote-agent/src/protocol/runActions.ts";

/** What of a download is on this disk, by path: bytes from the beginning, of which version of the file. */
export const downloadState = z.object({
  source: z.string(),
  files: z.record(z.string(), z.object({ version: z.string(), done: z.number().int().min(0) })),
});
export type DownloadState = z.infer<typeof downloadState>;

/** A stretch of a file to fetch. */
export interface Stretch {
  readonly file: RemoteFile;
  readonly from: number;
  readonly length: number;
}

export interface DownloadPlan {
  readonly stretches: readonly Stretch[];
  /** Files here that the host does not have, or has another version of. */
  readonly obsolete: readonly string[];
  readonly bytes: { readonly total: number; readonly done: number };
}

/** What is left to fetch of a listing: each byte once, a file's from its beginning to its end. */
export function planOf(files: readonly RemoteFile[], state: DownloadState, chunkBytes: number): DownloadPlan {
  const listed = new Map(files.map((file) => [file.path, file]));
  const obsolete = Object.keys(state.files).filter((path) => state.files[path]?.version !== listed.get(path)?.version);
  const doneOf = ({ path, version, bytes }: RemoteFile) => {
    const known = Object.hasOwn(state.files, path) ? state.files[path] : undefined;
    return known?.version === version ? Math.min(known.done, bytes) : null;
  };
  const stretches = files.flatMap((file) => {
    const done = doneOf(file);
    return done === null && file.bytes === 0
      ? [{ file, from: 0, length: 0 }]
      : stretchesOf(file, done ?? 0, chunkBytes);
  });
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    stretches,
    obsolete,
    bytes: { total: sum(files.map(({ bytes }) => bytes)), done: sum(files.map((file) => doneOf(file) ?? 0)) },
  };
}

function stretchesOf(file: RemoteFile, from: number, chunkBytes: number): Stretch[] {
  const count = Math.ceil((file.bytes - from) / chunkBytes);
  return Array.from({ length: count }, (_, i) => {
    const start = from + i * chunkBytes;
    return { file, from: start, length: Math.min(chunkBytes, file.bytes - start) };
  });
}
