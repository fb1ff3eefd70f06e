import * as z from "zod";

/** Asking a question again, outside of the run's own work: an aside. Nothing that the recipe does rests on one. */
export const MOST_ANSWERS = 32;

export const asideAnswer = z.object({
  /** Which of the answers this is, from 0. */
  index: z.number().int(),
  answer: z.string().nullable(),
  text: z.string(),
  stop: z.enum(["stop", "length"]),
  /** Completion tokens; null where an endpoint does not tell. */
  tokens: z.number().int().nullable(),
});
export type AsideAnswer = z.infer<typeof asideAnswer>;

/** A server that speaks OpenAI's chat completions. The key is used for this call only and is written nowhere. */
export const asideEndpoint = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2000),
  model: z.string().min(1).max(300),
  key: z.string().max(4000).optional(),
});
export type AsideEndpoint = z.infer<typeof asideEndpoint>;

export const asideRequest = z.strictObject({
  /** The question: as text, or by the id of a record that belongs to it. One of the two. */
  question: z.string().trim().min(1).max(100_000).optional(),
  id: z.string().max(100).optional(),
  /** Whose newest kept weights answer; or those of `checkpoint`, the id of one whose weights are kept, or `base`. */
  role: z.enum(["solver", "challenger"]).default("solver"),
  checkpoint: z.string().max(100).optional(),
  /** Answers to draw. */
  m: z.number().int().min(1).max(MOST_ANSWERS).default(5),
  /** As the run samples the Solver's answers, where not given. */
  temperature: z.number().min(0).max(10).optional(),
  topP: z.number().gt(0).max(1).optional(),
  maxTokens: z.number().int().min(1).max(65_536).optional(),
  /** Asks this server in place of the run's own weights. */
  endpoint: asideEndpoint.optional(),
});
export type AsideRequest = z.output<typeof asideRequest>;

/** What came of it. `label` is the majority's answer, `classes` counts equal answers, the largest first. */
export const asideContent = z.object({
  question: z.string(),
  /** The task that first posed it, where it was asked by id. */
  task: z.string().nullable(),
  /** Id of the checkpoint that answered, `base`, or null for an endpoint, whose model `model` names. */
  checkpoint: z.string().nullable(),
  model: z.string().nullable(),
  sampling: z.object({
    temperature: z.number(),
    topP: z.number(),
    topK: z.number().int(),
    maxTokens: z.number().int(),
  }),
  answers: z.array(asideAnswer),
  label: z.string(),
  votes: z.number().int(),
  denominator: z.number().int(),
  classes: z.array(z.object({ answer: z.string(), count: z.number().int() })),
  /** The true answer where it can be known, and whether the label is that. */
  truth: z.string().nullable(),
  correct: z.boolean().nullable(),
});
export type AsideContent = z.infer<typeof asideContent>;

/** A question that was asked again, as clients see it: texts are cut, and then say so. */
export const asideView = asideContent.extend({
  /** Of the command that asked. */
  command: z.string(),
  by: z.string(),
  /** Milliseconds since the epoch, and the record's number. */
  at: z.number(),
  seq: z.number().int(),
  answers: z.array(asideAnswer.extend({ clipped: z.boolean() })),
  classes: z.array(
    z.object({
      answer: z.string(),
      count: z.number().int(),
      /** The run's own answers to the question that this one equals, as `runs/question` has them. */
      known: z.array(z.string()),
    }),
  ),
});
export type AsideView = z.infer<typeof asideView>;
