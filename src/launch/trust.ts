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

/**
 * Every path and URL of a configuration, wherever it stands, so that a setting that comes later is asked about as well; and where
 * metrics are sent to.
 */
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
  return [...(model.source === "folder" ? [folder] : []), ...found, ...wandbOf(config)];
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
  const isPath = /^(\/|~|\.{1,2}([/\\]|$)|[A-Za-z]:[/\\]|\\\\)/.test(text);
  if (isPath) return [{ kind: "path", setting, shown: text, value: sha256(text) }];
  const origin = originOf(text);
  return origin === null ? [] : [{ kind: "origin", setting, shown: text, value: origin }];
}

/**
 * Scheme, host and port, as what opens the URL understands it: `http:there.example` leads to a host, too. Who may be behind a URL with
 * other schemes is told by all of it. Null: it is no URL.
 */
function originOf(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && url.origin !== "null") return url.origin;
  return url?.protocol === "file:" || /^[a-z][a-z0-9+.-]*:[/\\]/i.test(text) ? text : null;
}

/** The project that metrics and questions are sent to, with the person's own key. */
function wandbOf(config: unknown): NamedContent[] {
  const parsed = sendsToWandb.safeParse(config);
  if (!parsed.success || parsed.data.metrics.wandb.mode === "offline") return [];
  const { entity, project } = parsed.data.metrics.wandb;
  const shown = `Weights & Biases, ${entity == null ? project : `${entity}/${project}`}`;
  return [
    { kind: "origin", setting: "metrics.wandb", shown, value: sha256(JSON.stringify([entity ?? null, project])) },
  ];
}

const sendsToWandb = z.object({
  metrics: z.object({
    wandb: z.object({ project: z.string(), entity: z.string().nullish(), mode: z.string().optional() }),
  }),
});

function stringsOf(value: unknown, at: readonly string[]): { setting: string; text: string }[] {
  if (typeof value === "string") return [{ setting: at.join("."), text: value.trim() }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => stringsOf(child, [...at, name]));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
