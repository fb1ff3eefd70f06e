import type { z } from "zod";
import { RawBatch } from "../scoring/scoreBatch.ts";
import { textInput } from "./textInput.ts";
import { UsageError, type World } from "./world.ts";

const shape = 'It must be {"predicts": ["…"], "solver_completions": {"question": ["…"]}}, all of them texts.';

/** A raw batch from a file, or from stdin under the name `-`; `name` is how messages call it. @throws UsageError */
export async function readBatch(world: World, file: string): Promise<{ batch: RawBatch; name: string }> {
  const name = file === "-" ? "stdin" : file;
  const value = parseJson(await textInput(world, file, "a JSON file"), name);
  const parsed = RawBatch.safeParse(value);
  if (parsed.success) return { batch: parsed.data, name };
  const problems = parsed.error.issues.slice(0, problemsTold).map((issue) => `${name}: ${whatIsWrong(issue, value)}`);
  const untold = parsed.error.issues.length - problems.length;
  throw new UsageError([...problems, ...(untold > 0 ? [`and ${untold} more like these.`] : []), shape].join("\n"));
}

const problemsTold = 5;

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const place = /\(line (\d+) column (\d+)\)/.exec(message);
    const where = place === null ? name : `${name}:${place[1]}:${place[2]}`;
    throw new UsageError(`${where}: This is not JSON: ${message}. ${shape}`);
  }
}

function whatIsWrong({ path, message }: z.core.$ZodIssue, value: unknown): string {
  const at = path.reduce<string>((place, part) => place + step(part, place === ""), "");
  const found = path.reduce<unknown>(
    (place, part) => (typeof place === "object" && place !== null ? Reflect.get(place, part) : undefined),
    value,
  );
  if (at === "") return "This holds no batch.";
  return found === undefined ? `${at} is missing.` : `${at}: ${message}.`;
}

/** `predicts[3]`, `solver_completions["What is 2 + 2?"][0]`. */
function step(part: PropertyKey, first: boolean): string {
  if (typeof part === "number") return `[${part}]`;
  return first ? String(part) : `[${JSON.stringify(String(part).slice(0, 80))}]`;
}
