import { createHash } from "node:crypto";
import * as z from "zod";
import type { RunPlan } from "../../remote-agent/src/protocol/launching.ts";
import type { ForeignOrigin } from "../../remote-agent/src/protocol/runActions.ts";

/** Something that a host would read, contact or execute because a run.yaml says so. */
export interface NamedContent {
  readonly kind: "model" | "path" | "origin" | "run";
  /** The setting that names it. */
  readonly setting: string;
  /** As the person reads it. */
  readonly shown: string;
  /** A hash, or the origin of a URL: an approval holds while it is the same. */
  readonly value: string;
}

/** What this person has approved for a host. Kept outside of any workspace. */
export const trustRecords = z.array(
  z.object({ host: z.string(), kind: z.enum(["model", "path", "origin", "run"]), value: z.string(), at: z.string() }),
);
export type TrustRecord = z.infer<typeof trustRecords>[number];

/** Approvals that are remembered: the oldest are asked again. */
const MOST_RECORDS = 500;

/** Every path and URL of a configuration, wherever it stands: a setting that comes later is asked about as well. */
export function namedContent(config: unknown, model: RunPlan["model"]): NamedContent[] {
  const found = stringsOf(config, []).flatMap(({ setting, text }) =>
    setting === "model" ? [] : contentOf(setting, text),
  );
  const identity = `${model.folder ?? model.named}\0${model.identity ?? ""}`;
  const folder: NamedContent = {
    kind: "model",
    setting: "model",
    shown: model.folder ?? model.named,
    value: sha256(identity),
  };
  return model.source === "folder" ? [folder, ...found] : found;
}

/** A run that somebody else made, as something to approve before it goes on here. */
export function foreignRun(run: { id: string; createdAt: string }, origin: ForeignOrigin, shown: string): NamedContent {
  return { kind: "run", setting: "run", shown, value: sha256(JSON.stringify([run.id, run.createdAt, origin])) };
}

/** What nobody has approved for this host yet. */
export function unapproved(
  contents: readonly NamedContent[],
  records: readonly TrustRecord[],
  host: string,
): NamedContent[] {
  return contents.filter(
    ({ kind, value }) =>
      !records.some((record) => record.host === host && record.kind === kind && record.value === value),
  );
}

export function withApproved(
  records: readonly TrustRecord[],
  contents: readonly NamedContent[],
  host: string,
  at: string,
): TrustRecord[] {
  const fresh = unapproved(contents, records, host).map(({ kind, value }) => ({ host, kind, value, at }));
  return [...records, ...fresh].slice(-MOST_RECORDS);
}

function contentOf(setting: string, text: string): NamedContent[] {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return [{ kind: "origin", setting, shown: text, value: originOf(text) }];
  const isPath = /^(\/|~|\.{1,2}([/\\]|$)|[A-Za-z]:[/\\]|\\\\)/.test(text);
  return isPath ? [{ kind: "path", setting, shown: text, value: sha256(text) }] : [];
}

/** Scheme, host and port; who may be behind a URL with other schemes is told by all of it. */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url === null || url.origin === "null" ? text : url.origin;
}

function stringsOf(value: unknown, at: readonly string[]): { setting: string; text: string }[] {
  if (typeof value === "string") return [{ setting: at.join("."), text: value.trim() }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => stringsOf(child, [...at, name]));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
