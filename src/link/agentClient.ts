import type { Duplex } from "node:stream";
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import type { z } from "zod";
import { type WorkProgress, workProgress } from "../../remote-agent/src/protocol/launching.ts";
import {
  type MethodName,
  methods,
  notifications,
  type Params,
  type Result,
  type RunEvents,
  type RunLogs,
  type RunReask,
  rpcErrorData,
} from "../../remote-agent/src/protocol/rpc.ts";
import { deferred } from "../deferred.ts";
import { oneLine } from "../oneLine.ts";
import { say } from "../ssh/sentence.ts";
import { AgentError, type RequestOptions } from "./agentError.ts";
import { guardFrames } from "./frameGuard.ts";

const LIMIT_MS = 30_000;

/** One agent over one byte stream: typed requests with a limit; what comes back is parsed, never trusted. */
export class AgentClient {
  readonly #connection: MessageConnection;
  readonly #host: string;
  readonly #stream: Duplex;
  readonly #gone = deferred<AgentError>();
  /** Requests that are under way, each by how to end it. */
  readonly #waiting = new Set<(error: AgentError) => void>();
  #ended: AgentError | null = null;
  readonly #progress = new Map<string, (progress: WorkProgress) => void>();

  constructor(host: string, stream: Duplex) {
    this.#host = host;
    this.#stream = stream;
    const frames = guardFrames(stream, (what) => this.distrust(what));
    const reader = new StreamMessageReader(frames);
    reader.partialMessageTimeout = 0; // else a message that a cut left incomplete keeps a timer going for ever
    this.#connection = createMessageConnection(reader, new StreamMessageWriter(stream));
    const end = (why: string) =>
      this.#end(
        new AgentError(
          "gone",
          why === "" ? say`The agent on ${host} is gone.` : say`The agent on ${host} is gone (${why}).`,
        ),
      );
    this.#connection.onClose(() => end(""));
    this.#connection.onError(([error, sent]) => {
      // What cannot be read as a message means that nothing after it can be trusted either. Its text is not repeated.
      if (sent === undefined && !("code" in error)) this.distrust("something that is no message");
      else end(error.message);
      stream.destroy();
    });
    this.#connection.onNotification("agent/progress", (raw: unknown) => {
      const progress = workProgress.safeParse(raw);
      // Only looked at: one that cannot be read says nothing about what follows.
      if (!progress.success) return;
      const { command, text } = progress.data;
      this.#progress.get(command)?.({ ...progress.data, text: oneLine(text) });
    });
    stream.once("close", () => end(""));
    stream.once("error", (error: Error) => end(error.message));
    this.#connection.listen();
  }

  /** Resolves when there is no agent at the other end any more. */
  get gone(): Promise<AgentError> {
    return this.#gone.promise;
  }

  /** @throws AgentError */
  async request<M extends MethodName>(method: M, params: Params<M>, options: RequestOptions = {}): Promise<Result<M>> {
    const { limitMs = LIMIT_MS, signal, onProgress } = options;
    if (this.#ended !== null) throw this.#ended;
    const command = "command" in params && onProgress !== undefined ? params.command : null;
    if (command !== null && onProgress !== undefined) this.#progress.set(command, onProgress);
    const cancel = new CancellationTokenSource();
    let give: (error: AgentError) => void = () => undefined;
    const givenUp = new Promise<never>((_, reject) => {
      give = (error) => {
        cancel.cancel();
        reject(error);
      };
    });
    givenUp.catch(() => undefined);
    const seconds = limitMs / 1000;
    const late = new AgentError(
      "timeout",
      say`The agent on ${this.#host} did not answer ${method} within ${seconds} s.`,
    );
    const timer = setTimeout(() => give(late), limitMs);
    const abort = () => give(new AgentError("cancelled", say`${method} was cancelled.`));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.add(give);
    try {
      const answer: unknown = await Promise.race([this.#connection.sendRequest(method, params, cancel.token), givenUp]);
      return this.#parsed(method, methods[method].result, answer) as Result<M>;
    } catch (error) {
      throw this.#readable(error, method);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#waiting.delete(give);
      cancel.dispose();
      if (command !== null) this.#progress.delete(command);
    }
  }

  /** Ranges of records of the subscriptions; one that is not what the contract says ends the connection. */
  onEvents(listener: (events: RunEvents) => void): void {
    this.#onNotification("run/events", "range of records", listener);
  }

  /** Lines of logs of the subscriptions; what is not what the contract says ends the connection. */
  onLogs(listener: (logs: RunLogs) => void): void {
    this.#onNotification("run/logs", "range of log lines", listener);
  }

  /** Answers of questions that are being asked again; one that is not what the contract says ends the connection. */
  onReask(listener: (answer: RunReask) => void): void {
    this.#onNotification("run/reask", "answer", listener);
  }

  /** Ends the connection for what the agent did: it cannot be trusted any more. */
  distrust(what: string): void {
    const sentence = say`The agent on ${this.#host} sent ${what}, and was disconnected: it may be of another version, or not be ours.`;
    this.#end(new AgentError("malformed", sentence));
    this.close();
  }

  close(): void {
    this.#end(new AgentError("gone", say`The connection to the agent on ${this.#host} was closed.`));
    this.#connection.end();
    this.#connection.dispose();
    this.#stream.destroy(); // else a sender without end would be read on
  }

  #end(error: AgentError): void {
    if (this.#ended !== null) return;
    this.#ended = error;
    this.#gone.resolve(error);
    for (const give of this.#waiting) give(error);
  }

  /** What a request failed with, as a sentence; a connection that broke under it says so in its own words. */
  #readable(error: unknown, method: string): AgentError {
    if (error instanceof AgentError) return error;
    if (this.#ended !== null) return this.#ended;
    if (error instanceof ResponseError) return refusal(error);
    const said = error instanceof Error ? error.message : String(error);
    return new AgentError("gone", say`${method} could not be sent to the agent on ${this.#host}: ${said}`);
  }

  #onNotification<N extends keyof typeof notifications>(
    name: N,
    what: string,
    listener: (value: z.output<(typeof notifications)[N]>) => void,
  ): void {
    this.#connection.onNotification(name, (raw: unknown) => {
      const parsed = notifications[name].safeParse(raw);
      if (parsed.success) listener(parsed.data as z.output<(typeof notifications)[N]>);
      else this.distrust(`something that is no ${what}`);
    });
  }

  #parsed(method: string, schema: z.ZodType, answer: unknown): unknown {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    const [first] = parsed.error.issues;
    const [place, problem] = [first?.path.join(".") ?? "", first?.message ?? ""];
    throw new AgentError(
      "malformed",
      say`The agent on ${this.#host} answered ${method} with something unexpected (${place}: ${problem}): it may be of another version.`,
    );
  }
}

/** Sentences of the agent have parts of what it read: paths, names, settings of a run. */
const MESSAGE_CHARS = 2000;

function refusal(error: ResponseError<unknown>): AgentError {
  const data = rpcErrorData.safeParse(error.data);
  return new AgentError(
    data.success ? data.data.reason : "refused",
    oneLine(error.message, MESSAGE_CHARS),
    data.success && data.data.remedy !== null ? oneLine(data.data.remedy, MESSAGE_CHARS) : null,
  );
}
