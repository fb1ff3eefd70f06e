import * as z from "zod";
import { questionFilter, questionSort } from "./questionQuery.ts";

/** Rules by which a report's questions are chosen; a question that fits several stands under the first. */
export const reportPicks = ["kept", "uncertain", "certain", "reviewed"] as const;
export type ReportPick = (typeof reportPicks)[number];

/** Questions of one rule, and of a whole report, at most. */
export const PICK_QUESTIONS = 200;
export const REPORT_QUESTIONS = 500;

export const reportSelection = z
  .strictObject({
    picks: z
      .array(z.strictObject({ pick: z.enum(reportPicks), count: z.number().int().min(1).max(PICK_QUESTIONS) }))
      .max(10),
    /** Questions by the id of any of their records. */
    ids: z.array(z.string().min(1).max(100)).max(PICK_QUESTIONS),
    /** The first `count` of those that a filter lists, in its order. */
    list: z
      .strictObject({
        filter: questionFilter,
        sort: questionSort,
        count: z.number().int().min(1).max(REPORT_QUESTIONS),
      })
      .optional(),
  })
  .refine(
    ({ picks, ids, list }) =>
      picks.reduce((sum, { count }) => sum + count, ids.length + (list?.count ?? 0)) <= REPORT_QUESTIONS,
    { message: `A report has at most ${REPORT_QUESTIONS} questions.` },
  );
export type ReportSelection = z.infer<typeof reportSelection>;

export const defaultReportSelection: ReportSelection = {
  picks: [
    { pick: "reviewed", count: 20 },
    { pick: "kept", count: 8 },
    { pick: "uncertain", count: 4 },
    { pick: "certain", count: 4 },
  ],
  ids: [],
};
