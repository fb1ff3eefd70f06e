import * as z from "zod";

export const runTag = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[^\p{Cc}\p{Cf},]+$/u, "has a comma or characters that are not printed");

/** What people wrote about a run. It is no part of what the run is; the last one who writes wins. */
export const runAnnotations = z.object({
  tags: z.array(runTag).max(50),
  notes: z.string().max(100_000),
  by: z.string(),
  /** When, as ISO 8601. */
  at: z.string(),
});
export type RunAnnotations = z.infer<typeof runAnnotations>;

/** For lists: the tags, and the first line of the notes. */
export const annotationSummary = z.object({
  tags: z.array(z.string()),
  firstLine: z.string(),
  by: z.string(),
  at: z.string(),
});
export type AnnotationSummary = z.infer<typeof annotationSummary>;

/** A run that somebody else made: it was brought here from another host, or its directory belongs to another user. */
export const foreignOrigin = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("downloaded"), from: z.string(), at: z.string(), by: z.string() }),
  z.object({ kind: z.literal("another-user"), user: z.string() }),
]);
export type ForeignOrigin = z.infer<typeof foreignOrigin>;

/** `downloaded.json`, which lies in the directory of a run that was brought here. */
export const downloadNote = z.object({
  from: z.string(),
  at: z.string(),
  by: z.string(),
  checkpoints: z.enum(["all", "none"]),
});
export type DownloadNote = z.infer<typeof downloadNote>;

export const remoteFile = z.object({
  /** Relative, with `/`. */
  path: z.string().max(1000),
  bytes: z.number().int().min(0),
  /** The file is the same one, at least up to `bytes`, while this is the same. */
  version: z.string().max(200),
});
export type RemoteFile = z.infer<typeof remoteFile>;

/** Bytes of one `runs/file` answer at most: in base64 it stays far below what would hold up other messages. */
export const CHUNK_BYTES = 512 * 1024;

export const exportTables = ["questions", "answers", "examples", "metrics", "checkpoints"] as const;
export const exportFormats = ["jsonl", "parquet"] as const;
