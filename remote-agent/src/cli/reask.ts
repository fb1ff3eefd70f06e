import { type AsideAnswer, asideRequest } from "../protocol/reask.ts";
import type { Result } from "../protocol/rpc.ts";
import { askIndex } from "./askIndex.ts";
import { newCommand, openNamed } from "./connect.ts";
import { percent, plural } from "./format.ts";
import { findInstallation } from "./installation.ts";
import { harmless, shorten } from "./layout.ts";
import { reask } from "./reaskRun.ts";
import { withQuestion } from "./reviewHandlers.ts";
import { interruptible, note, print, printJson, UsageError, type World, widthOf } from "./world.ts";

export interface ReaskOptions {
  question?: string;
  role?: string;
  checkpoint?: string;
  answers?: number;
  temperature?: number;
  maxTokens?: number;
  endpoint?: string;
  model?: string;
  json?: boolean;
}

/** `rzero reask RUN [ID]`: draws answers to a question again, by weights of the run or by another server. */
export async function reaskCommand(
  world: World,
  name: string,
  id: string | undefined,
  options: ReaskOptions,
): Promise<number> {
  const { endpoint: url, model, answers: m, json, ...others } = options;
  if ((url === undefined) !== (model === undefined))
    throw new UsageError("--endpoint names a server and --model what to ask of it: give both.");
  // Never in the command line, where other users of the machine could read it.
  const key = world.env["OPENAI_API_KEY"];
  const parsed = asideRequest.safeParse({
    ...others,
    ...(id === undefined ? {} : { id }),
    ...(m === undefined ? {} : { m }),
    ...(url === undefined ? {} : { endpoint: { url, model, ...(key ? { key } : {}) } }),
  });
  if (!parsed.success)
    throw new UsageError(`--${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`);
  const found = await openNamed(world, name);
  const asked = await withQuestion({ ...newCommand(), ...parsed.data }, (wanted) => questionOf(world, name, wanted));
  const { signal, done } = interruptible(world);
  const shown = new Set<number>();
  try {
    const answer = await reask(
      { env: world.env, installation: () => findInstallation(world.env, world.mainUrl) },
      {
        ...found,
        asked,
        signal,
        onAnswer: ({ answer }) => {
          if (json || shown.has(answer.index)) return;
          shown.add(answer.index);
          note(world, answerLine(answer, widthOf(world)));
        },
      },
    );
    if (json) printJson(world, { run: found.run.id, ...answer });
    else for (const line of verdictLines(answer)) print(world, line);
    return 0;
  } finally {
    done();
  }
}

async function questionOf(world: World, name: string, id: string) {
  return askIndex(world, name, async (index, fresh) => {
    const [task] = await index.tasks([id], fresh);
    if (task == null) return { task: null, text: null };
    const { record, clipped } = await index.record(task, 0, fresh);
    return { task, text: clipped || typeof record["question"] !== "string" ? null : record["question"] };
  });
}

function answerLine({ index, answer, text, stop }: AsideAnswer, width: number): string {
  const cut = stop === "length" ? " (cut)" : "";
  return shorten(`${index + 1}  ${harmless(answer ?? "no answer")}${cut}  ${harmless(text)}`, width);
}

function verdictLines({ classes, label, votes, denominator, correct, answers }: Result<"runs/reask">): string[] {
  const share = denominator === 0 ? 0 : votes / denominator;
  const right = correct === null ? "" : correct ? ", which is right" : ", which is wrong";
  const head =
    label === ""
      ? `None of ${plural(answers.length, "answer")} can be read.`
      : `${votes} of ${denominator} (${percent(share)}) say ${harmless(label)}${right}.`;
  return [head, ...classes.slice(1).map(({ answer, count }) => `${count} × ${harmless(answer)}`)];
}
