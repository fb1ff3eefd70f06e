import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ResponseError } from "vscode-jsonrpc/node";
import * as z from "zod";
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
/** The supervisor looks for files every 2 s; on NFS it may see a new one late. */
const ANSWER_MS = 60_000;
/** What nobody has answered or fetched by then is from another time. */
const OLD_MS = 60 * 60_000;

/** `leave`: a later start of the same job is there, and wants the run. Everything else is a method of the supervisor. */
const request = z.object({
  method: z.string().max(100),
  params: z.unknown(),
  /** Milliseconds since the epoch. */
  at: z.number(),
});
export type MailRequest = z.infer<typeof request>;

const failure = z.object({ code: z.number().int(), message: z.string(), data: z.unknown() });
const answer = z.union([z.object({ error: failure }), z.object({ result: z.unknown() })]);
export type MailAnswer = z.infer<typeof answer>;

/** Nobody answered a request in time; it was taken back. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** A run's supervisor, asked by files: the requests of `RpcClient`, no notifications. */
export class MailClient {
  readonly #runDir: string;
  readonly #now: () => number;
  readonly #closing = new AbortController();

  constructor(runDir: string, now: () => number) {
    this.#runDir = runDir;
    this.#now = now;
  }

  /** @throws NoAnswer; ResponseError as the supervisor answered */
  async request<M extends MethodName>(method: M, params: Params<M>, limitMs = ANSWER_MS): Promise<Result<M>> {
    const id = await post(this.#runDir, { method, params, at: this.#now() });
    const file = answerFile(this.#runDir, id);
    for (let waited = 0; waited < limitMs && !this.#closing.signal.aborted; waited += LOOK_MS) {
      const text = await readFile(file, "utf8").catch(() => null);
      if (text !== null) {
        await rm(file, { force: true });
        const answered = answer.parse(JSON.parse(text));
        if ("error" in answered) {
          const { code, message, data } = answered.error;
          throw new ResponseError(code, message, data);
        }
        return methods[method].result.parse(answered.result) as Result<M>;
      }
      await delay(LOOK_MS);
    }
    await rm(requestFile(this.#runDir, id), { force: true });
    throw new NoAnswer(
      `The run's supervisor, a job on another node, did not answer '${method}' within ${limitMs / 1000} s; nothing was done.`,
    );
  }

  close(): void {
    this.#closing.abort();
  }
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
export async function reply(runDir: string, id: string, answered: MailAnswer): Promise<void> {
  await writeDerived(answerFile(runDir, id), answered);
  await rm(requestFile(runDir, id), { force: true });
}

function answerFile(runDir: string, id: string): string {
  return path.join(slurmFolder(runDir), ANSWERS, `${id}.json`);
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
