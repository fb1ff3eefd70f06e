import * as z from "zod";

/**
 * Alarms: signs that a run wastes its time or learns what nobody wants. Rules look at what is recorded and measured anyway; what they
 * find is a record beside the recipe's, so no replay rests on it.
 */
export const alarmRules = [
  "auditFalls",
  "lengthJump",
  "entropyCollapse",
  "uniqueCollapse",
  "duplicates",
  "settled",
  "verifierErrors",
  "gpuIdle",
  "stalled",
  "disk",
] as const;
export const alarmRule = z.enum(alarmRules);
export type AlarmRule = z.infer<typeof alarmRule>;

const share = z.number().gt(0).max(1);
const watch = (forWhat: string) => z.boolean().default(true).describe(`Raise an alarm when ${forWhat}.`);
const minutes = z.number().positive().max(100_000);

/** A URL that is written down: whatever lies in its user name, password or query would lie in every copy of run.yaml. */
const plainUrl = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine(hasNoSecretPart, "a URL here has no user name, password, query or fragment: write `environment` instead");

export const alarmsConfig = z.strictObject({
  stop: z
    .union([z.boolean(), z.array(alarmRule).max(alarmRules.length)])
    .default(false)
    .describe(
      "Alarms that stop the run: true for all, or a list. It saves first, and the last good checkpoints of both roles are kept from then on.",
    ),
  webhook: z
    .union([z.literal("environment"), plainUrl])
    .nullable()
    .default(null)
    .describe(
      "Where alarms are sent as JSON: a URL, or `environment` for the one in RZERO_ALARM_WEBHOOK, where a URL that is a secret belongs.",
    ),
  auditFalls: z
    .strictObject({
      on: watch("the Solver's reward rises while its accuracy on held-out questions falls"),
      drop: share.default(0.02).describe("Fall of the audit's mean@k that counts, if it is more than its noise."),
      rise: share.default(0.02).describe("Rise of the Solver's reward within the iteration that counts."),
    })
    .prefault({}),
  lengthJump: z
    .strictObject({
      on: watch("a role's completions become much longer or shorter than in its steps before"),
      factor: z.number().gt(1).max(1000).default(2).describe("So many times longer or shorter."),
    })
    .prefault({}),
  entropyCollapse: z
    .strictObject({
      on: watch("a role's entropy falls to a small share of what it was in its first steps"),
      share: share.default(0.2).describe("Below this share."),
    })
    .prefault({}),
  uniqueCollapse: z
    .strictObject({
      on: watch("many questions have one and the same majority answer"),
      share: share.default(0.5).describe("This share of those with a label, or more."),
    })
    .prefault({}),
  duplicates: z
    .strictObject({
      on: watch("many questions of a batch repeat another one of it, word for word, or are alike"),
      share: share
        .default(0.5)
        .describe("This share of the valid ones, or more; or of all in one cluster of similar ones."),
    })
    .prefault({}),
  settled: z
    .strictObject({
      on: watch("p̂ is 0 or 1 of all questions, so that there is nothing to be undecided on"),
      share: share.default(0.98).describe("This share counts as all."),
    })
    .prefault({}),
  verifierErrors: z
    .strictObject({
      on: watch("the verifier has no verdict on many of the pairs of answers that it was asked about"),
      share: share.default(0.05).describe("This share of them, or more."),
    })
    .prefault({}),
  gpuIdle: z
    .strictObject({
      on: watch("no GPU of the run is used, while it is at work"),
      minutes: minutes.default(10).describe("For so long."),
      utilization: z.number().min(0).max(1).default(0.05).describe("A GPU that is less busy than this is not used."),
    })
    .prefault({}),
  stalled: z
    .strictObject({
      on: watch("nothing is recorded, while the run is at work"),
      minutes: minutes.default(20).describe("For so long, and for four times as long as the slowest steps take."),
    })
    .prefault({}),
  disk: z
    .strictObject({
      on: watch("there is little room on the run's disk"),
      gigabytes: z.number().min(0).max(1e6).default(2).describe("Less than this, or than two checkpoints take."),
    })
    .prefault({}),
});
export type AlarmsConfig = z.infer<typeof alarmsConfig>;

/** Whether an alarm of this rule stops the run. */
export function stopsAt(rule: AlarmRule, { stop }: Pick<AlarmsConfig, "stop">): boolean {
  return typeof stop === "boolean" ? stop : stop.includes(rule);
}

/** Where in the run; null where it is in no stage. */
export const alarmPlace = z.object({
  iteration: z.number().int().nullable(),
  stage: z.string().max(100).nullable(),
  step: z.number().int().nullable(),
});
export type AlarmPlace = z.infer<typeof alarmPlace>;

/** The end of a stage before the trouble began, as `rzero fork --at` names it, and the checkpoint each role stood at. */
export const goodBoundary = z.object({
  at: z.string().regex(/^\d{1,6}(\/[a-z]{1,20})?$/),
  checkpoints: z.record(z.string(), z.string()),
});
export type GoodBoundary = z.infer<typeof goodBoundary>;

export const alarmContent = z.object({
  rule: alarmRule,
  /** Names the occurrence; there is one alarm of it, whatever crashes and resumes. */
  episode: z.string().max(300),
  /** The role that it is about, where it is about one. */
  role: z.string().max(100).nullable(),
  ...alarmPlace.shape,
  /** What was measured, and what it was held against; by name. */
  values: z.record(z.string(), z.number()),
  limits: z.record(z.string(), z.number()),
  /** A sentence with both. */
  message: z.string().max(2000),
  /** It stops the run. */
  stops: z.boolean(),
  /** Where a fork would begin that leaves the trouble behind; null where there is no such place. */
  good: goodBoundary.nullable(),
});
export type AlarmContent = z.infer<typeof alarmContent>;

/** An alarm as clients see it. Times are milliseconds since the epoch; `over`: when it ceased to hold, null while it holds. */
export const alarmView = alarmContent.extend({ at: z.number(), seq: z.number().int(), over: z.number().nullable() });
export type AlarmView = z.infer<typeof alarmView>;

function hasNoSecretPart(text: string): boolean {
  if (!URL.canParse(text)) return true; // told already
  const { username, password, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === "");
}
