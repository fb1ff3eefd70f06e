import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  type CancellationToken,
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import type { z } from "zod";
import { type WorkProgress, workProgress } from "../protocol/launching.ts";
import {
  type MethodName,
  methods,
  type Params,
  type Result,
  type RunEvents,
  type RunLogs,
  type RunReask,
  runEvents,
  runLogs,
  runReask,
} from "../protocol/rpc.ts";

/**
 * Handlers for some of the contract's methods; parameters have been parsed, results are checked by the compiler. The signal
 * aborts when the client cancels its request.
 */
export type Handlers = {
  [M in MethodName]?: (params: z.output<(typeof methods)[M]["params"]>, signal: AbortSignal) => Promise<Result<M>>;
};

/** Code of an error whose data says more (`rpcErrorData`). */
export const REFUSED = -32000;
/** A write that fails is told before the stream's end is. */
const HANG_UP_MS = 200;
/** The protocol's own code for a request that its client cancelled. */
const CANCELLED = -32800;

/** An error for the client: a sentence and a stable reason. */
export function refused(message: string, reason: string): ResponseError<unknown> {
  return new ResponseError(REFUSED, message, { reason, remedy: null });
}

/** A JSON-RPC connection over a byte stream that answers with these handlers. The caller listens. */
export function connectionOver(stream: {
  read: NodeJS.ReadableStream;
  write: NodeJS.WritableStream;
}): MessageConnection {
  const reader = new StreamMessageReader(stream.read);
  reader.partialMessageTimeout = 0; // else a message that a cut left incomplete keeps a timer going for ever
  return createMessageConnection(reader, new StreamMessageWriter(stream.write));
}

export function serve(connection: MessageConnection, handlers: Handlers): void {
  for (const name of Object.keys(handlers) as MethodName[]) {
    const handler = handlers[name] as ((params: unknown, signal: AbortSignal) => Promise<unknown>) | undefined;
    if (handler === undefined) continue;
    connection.onRequest(name, async (raw: unknown, token: CancellationToken) => {
      const params = methods[name].params.safeParse(raw ?? {});
      if (!params.success) {
        const issue = params.error.issues[0];
        throw new ResponseError(-32602, `${name}: '${issue?.path.join(".")}': ${issue?.message}`);
      }
      const cancelled = new AbortController();
      const listening = token.onCancellationRequested(() =>
        cancelled.abort(new ResponseError(CANCELLED, "Cancelled.")),
      );
      try {
        return await handler(params.data, cancelled.signal);
      } catch (error) {
        if (error instanceof ResponseError) throw error;
        const message = error instanceof Error ? error.message : String(error);
        throw new ResponseError(REFUSED, message, {
          reason: error instanceof Error ? error.name : "Error",
          remedy: null,
        });
      } finally {
        listening.dispose();
      }
    });
  }
}

/** Who answers requests, however they get there. */
export type Asker = Pick<RpcClient, "request" | "close">;

/** The other end: typed requests with a time limit, results parsed. */
export class RpcClient {
  readonly #connection: MessageConnection;
  readonly closed: Promise<void>;

  constructor(stream: Duplex) {
    this.#connection = connectionOver({ read: stream, write: stream });
    this.closed = new Promise((resolve) => {
      this.#connection.onClose(() => resolve());
      stream.once("close", () => resolve());
    });
    this.#connection.onError(() => undefined); // the stream closes, which is what callers wait for
    this.#connection.listen();
  }

  /** For after a request that failed: whether it did because the other end hung up, and not because it refused or is slow. */
  hungUp(): Promise<boolean> {
    return Promise.race([this.closed.then(() => true), delay(HANG_UP_MS, false)]);
  }

  /** Asks for a run's records. That its owner goes before it answers is no failure: `closed` has resolved then. */
  async subscribe(params: Params<"runs/subscribe">): Promise<void> {
    await this.request("runs/subscribe", params).catch(async (error: unknown) => {
      if (!(await this.hungUp())) throw error;
    });
  }

  /** `signal` cancels the request at the other end; its reason is thrown. */
  async request<M extends MethodName>(
    method: M,
    params: Params<M>,
    limitMs?: number,
    signal?: AbortSignal,
  ): Promise<Result<M>> {
    return methods[method].result.parse(await this.pass(method, params, limitMs, signal)) as Result<M>;
  }

  /** Hands a request on as it is; the other end parses it, and whoever asked parses the answer. */
  async pass(method: string, params: unknown, limitMs = 30_000, signal?: AbortSignal): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`The agent did not answer '${method}' within ${limitMs / 1000} s.`)),
        limitMs,
      );
    });
    const gone = this.closed.then(() => Promise.reject(new Error("The agent closed the connection.")));
    const cancel = new CancellationTokenSource();
    const end = () => cancel.cancel();
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end, { once: true });
    try {
      return await Promise.race([this.#connection.sendRequest(method, params, cancel.token), limit, gone]);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", end);
      clearTimeout(timer);
      gone.catch(() => undefined);
    }
  }

  onEvents(listener: (events: RunEvents) => void): void {
    this.#connection.onNotification("run/events", (raw: unknown) => listener(runEvents.parse(raw)));
  }

  onLogs(listener: (logs: RunLogs) => void): void {
    this.#connection.onNotification("run/logs", (raw: unknown) => listener(runLogs.parse(raw)));
  }

  onProgress(listener: (progress: WorkProgress) => void): void {
    this.#connection.onNotification("agent/progress", (raw: unknown) => listener(workProgress.parse(raw)));
  }

  onReask(listener: (answer: RunReask) => void): void {
    this.#connection.onNotification("run/reask", (raw: unknown) => listener(runReask.parse(raw)));
  }

  close(): void {
    this.#connection.end();
    this.#connection.dispose();
  }
}
