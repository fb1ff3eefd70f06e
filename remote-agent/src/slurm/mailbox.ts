import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type MethodName, methods, type Params, type Result } from "../protocol/rpc.ts";
import { writeDerived } from "../run/runDir.ts";
import { slurmFolder } from "./jobFiles.ts";

/**
 * Requests to a supervisor on another node as files of the run's directory: what always works where the run itself works, at
 * the price of a second or two (on NFS up to a minute, until the other node sees a new file).
 */
const REQUESTS = "requests";
const ANSWERS = "answers";
const LOOK_MS = 200;
/** What nobody has answered or fetched by then is from another time. */
const OLD_MS = 60 * 60_000;

/** What may be asked by file. */
export const mailMethods = ["runs/pause", "runs/resume", "runs/stop", "runs/extend", "host/telemetry"] as const;
export type MailMethod = (typeof mailMethods)[number];

/** `leave`: a later start of the same job is there, and wants the run. */
const request = z.object({
  method: z.enum([...mailMethods, "leave"]),
  params: z.unknown(),
  /** Milliseconds since the epoch. */
  at: z.number(),
});
export type MailRequest = z.infer<typeof request>;

const answer = z.union([z.object({ result: z.unknown() }), z.object({ error: z.string() })]);

/** Nobody answered a request in time; it was taken back. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** Asks a run's supervisor by file. @throws NoAnswer; Error with what the supervisor said */
export async function askByFile<M extends MailMethod>(
  runDir: string,
  method: M,
  params: Params<M>,
  { now, limitMs }: { now: () => number; limitMs: number },
): Promise<Result<M>> {
  const id = await post(runDir, { method, params, at: now() });
  const file = path.join(slurmFolder(runDir), ANSWERS, `${id}.json`);
  for (let waited = 0; waited < limitMs; waited += LOOK_MS) {
    const text = await readFile(file, "utf8").catch(() => null);
    if (text !== null) {
      await rm(file, { force: true });
      const answered = answer.parse(JSON.parse(text));
      if ("error" in answered) throw new Error(answered.error);
      return methods[method].result.parse(answered.result) as Result<M>;
    }
    await delay(LOOK_MS);
  }
  await rm(requestFile(runDir, id), { force: true });
  throw new NoAnswer(`The run's supervisor did not answer '${method}' within ${limitMs / 1000} s.`);
}

/** Leaves a request and answers its id. */
export async function post(runDir: string, mail: MailRequest): Promise<string> {
  const id = randomUUID();
  for (const name of [REQUESTS, ANSWERS])
    await mkdir(path.join(slurmFolder(runDir), name), { recursive: true, mode: 0o700 });
  await writeDerived(requestFile(runDir, id), mail);
  return id;
}

/** Requests that wait, in the order in which they were made; old and unreadable ones are removed. */
export async function waiting(runDir: string, now: number): Promise<{ id: string; mail: MailRequest }[]> {
  const names = await readdir(path.join(slurmFolder(runDir), REQUESTS)).catch(() => []); // not made before the first request
  const found: { id: string; mail: MailRequest }[] = [];
  for (const name of names.filter((name) => name.endsWith(".json"))) {
    const id = path.basename(name, ".json");
    const text = await readFile(requestFile(runDir, id), "utf8").catch(() => null);
    if (text === null) continue; // taken back
    const parsed = request.safeParse(parsedJson(text));
    if (parsed.success && now - parsed.data.at < OLD_MS) found.push({ id, mail: parsed.data });
    else await rm(requestFile(runDir, id), { force: true });
  }
  return found.sort((a, b) => a.mail.at - b.mail.at);
}

/** Answers a request, which then waits no more. */
export async function reply(runDir: string, id: string, answered: z.infer<typeof answer>): Promise<void> {
  await writeDerived(path.join(slurmFolder(runDir), ANSWERS, `${id}.json`), answered);
  await rm(requestFile(runDir, id), { force: true });
}

export function isMailMethod(method: MethodName): method is MailMethod {
  return (mailMethods as readonly string[]).includes(method);
}

function requestFile(runDir: string, id: string): string {
  return path.join(slurmFolder(runDir), REQUESTS, `${id}.json`);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}
