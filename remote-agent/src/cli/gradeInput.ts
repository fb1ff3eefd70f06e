import * as z from "zod";
import type { AnswerPair } from "../scoring/vote.ts";
import { textInput } from "./textInput.ts";
import { UsageError, type World } from "./world.ts";

const shape =
  'A file of pairs is a JSON array of [a, b] or {"a", "b"}, one such JSON value a line, or two columns with a tab between them.';

const pair = z.union([
  z.tuple([z.string(), z.string()]),
  z.looseObject({ a: z.string(), b: z.string() }).transform(({ a, b }): [string, string] => [a, b]),
]);

/** Pairs of answers from a file, or from stdin under the name `-`. @throws UsageError with the line that is wrong */
export async function readPairs(world: World, file: string): Promise<AnswerPair[]> {
  const name = file === "-" ? "stdin" : file;
  const text = (await textInput(world, file, "a file of pairs")).replace(/^\ufeff/, "");
  const whole = arrayOf(text);
  if (whole !== null) return whole.map((value, i) => pairOf(value, `${name}: pair ${i + 1}`));
  return text.split(/\r?\n/).flatMap((line, i) => (line.trim() === "" ? [] : [pairOfLine(line, `${name}:${i + 1}`)]));
}

/** The array that a whole text is; null where it is lines. `["a", "b"]` alone is one pair. */
function arrayOf(text: string): unknown[] | null {
  if (!/^\s*\[/.test(text)) return null;
  const value = parsed(text);
  if (!Array.isArray(value)) return null;
  return value.length === 2 && value.every((item) => typeof item === "string") ? [value] : value;
}

function pairOfLine(line: string, place: string): AnswerPair {
  const json = /^\s*[[{]/.test(line) ? parsed(line) : undefined;
  if (json !== undefined) return pairOf(json, place);
  const columns = line.split("\t");
  if (columns.length !== 2) throw new UsageError(`${place}: This is no pair of answers. ${shape}`);
  return [columns[0] as string, columns[1] as string];
}

function pairOf(value: unknown, place: string): AnswerPair {
  const found = pair.safeParse(value);
  if (!found.success) throw new UsageError(`${place}: This is no pair of answers. ${shape}`);
  return found.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
