import {
  type QuestionFilter,
  type QuestionSort,
  questionFilter,
  questionSort,
  questionSortKeys,
} from "../protocol/questionQuery.ts";
import { UsageError } from "./world.ts";

/** How a property is written after `--filter`. */
const kinds = {
  iteration: "numbers",
  stage: "names",
  step: "range",
  valid: "flag",
  reason: "names",
  kept: "flag",
  band: "names",
  share: "range",
  label: "text",
  correct: "flag",
  difficulty: "range",
  reward: "range",
  uncertainty: "range",
  penalty: "range",
  answers: "range",
  trained: "flag",
  trainedSteps: "range",
  decided: "flag",
  verdict: "names",
  corrected: "flag",
  edited: "flag",
  note: "flag",
  cluster: "cluster",
  rolled: "place",
  first: "number",
} as const satisfies Record<Exclude<keyof QuestionFilter, "text">, string>;

export const filterHelp = `${Object.keys(kinds).join(", ")}; a range is 0.3..0.8, 3.. or ..5, several values are a,b; rolled is ITERATION.STAGE or ITERATION.STAGE.STEP`;

/** `kept=true`, `share=0.3..0.8`, `iteration=1,2`, `cluster=812.3`. @throws UsageError that names what is wrong */
export function filterOf(settings: readonly string[], text: string | undefined): QuestionFilter {
  const filter: Record<string, unknown> = text === undefined ? {} : { text };
  for (const setting of settings) {
    const [, name = "", value = ""] = /^(\w+)=(.*)$/s.exec(setting) ?? [];
    if (!Object.hasOwn(kinds, name)) {
      throw new UsageError(`--filter ${setting}: write it as property=value. Properties: ${filterHelp}.`);
    }
    filter[name] = settingValue(kinds[name as keyof typeof kinds], value, setting);
  }
  const parsed = questionFilter.safeParse(filter);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UsageError(`--filter ${issue?.path.join(".")}: ${issue?.message}.`);
}

/** `reward` ascending, `-reward` descending. */
export function sortOf(text: string): QuestionSort {
  const parsed = questionSort.safeParse({ by: text.replace(/^-/, ""), descending: text.startsWith("-") });
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `--sort ${text}: there is no such column. Columns, with - before them for descending: ${questionSortKeys.join(", ")}.`,
  );
}

function settingValue(kind: (typeof kinds)[keyof typeof kinds], value: string, setting: string): unknown {
  switch (kind) {
    case "text":
      return value;
    case "names":
      return value.split(",");
    case "numbers":
      return value.split(",").map((item) => number(item, setting));
    case "flag":
      if (value !== "true" && value !== "false") throw new UsageError(`--filter ${setting}: it is true or false.`);
      return value === "true";
    case "range": {
      const [from = "", to] = value.split("..");
      if (to === undefined) return { min: number(from, setting), max: number(from, setting) };
      return {
        ...(from === "" ? {} : { min: number(from, setting) }),
        ...(to === "" ? {} : { max: number(to, setting) }),
      };
    }
    case "number":
      return number(value, setting);
    case "place": {
      const [iteration = "", stage = "", step] = value.split(".");
      const place = { iteration: number(iteration, setting), stage };
      return step === undefined ? place : { ...place, step: number(step, setting) };
    }
    case "cluster": {
      const [batch = "", cluster = ""] = value.split(".");
      return { batch: number(batch, setting), cluster: number(cluster, setting) };
    }
  }
}

function number(text: string, setting: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new UsageError(`--filter ${setting}: '${text}' is no number.`);
  return value;
}
