import * as z from "zod";

export const SCHEME = "rzero-curriculum";

const address = z.discriminatedUnion("what", [
  /** A curriculum to review, or as text to compare with another one. */
  z.strictObject({ what: z.literal("curriculum"), host: z.string(), run: z.string(), iteration: z.int().min(0) }),
  z.strictObject({ what: z.literal("comparable"), host: z.string(), run: z.string(), iteration: z.int().min(0) }),
  z.strictObject({ what: z.literal("question"), host: z.string(), run: z.string(), id: z.string() }),
]);
export type Address = z.infer<typeof address>;

/** What a document is about, in its URI: all that is needed to make it again after a reload. */
export function queryOf(what: Address): string {
  return JSON.stringify(what);
}

/** Null for what is no address of ours: URIs may be restored from an older version, or come from elsewhere. */
export function addressOf(query: string): Address | null {
  try {
    return address.parse(JSON.parse(query));
  } catch {
    return null;
  }
}

/** Path for the tab's title. */
export function pathOf(what: Address): string {
  const run = what.run.replace(/[^\w.-]/g, "_");
  if (what.what === "question") return `/${run}/question ${what.id.replace(/[^\w]/g, "").slice(0, 8)}`;
  return `/${run}/curriculum ${what.iteration}`;
}
