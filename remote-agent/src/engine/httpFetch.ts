// fetch over node:http. Node's own fetch gives up when headers take longer than 300 s (a completions request of a large
// batch may) and offers no way to say otherwise without another dependency. Here the caller's signal is the only limit.

import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Handles string and absent bodies, which is all that the agent sends. Redirects are not followed. */
export function createHttpFetch(): Fetch {
  const agents = { "http:": new http.Agent({ keepAlive: true }), "https:": new https.Agent({ keepAlive: true }) };
  return async function httpFetch(input, init = {}) {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.protocol !== "http:" && url.protocol !== "https:")
      throw new TypeError(`not an http(s) address: ${url.protocol}`);
    const body = init.body ?? undefined;
    if (body !== undefined && typeof body !== "string") throw new TypeError("only string bodies are supported");
    init.signal?.throwIfAborted();
    const agent = agents[url.protocol];
    try {
      return await exchange(url, init, body, agent);
    } catch (error) {
      // The server closed an idle connection just as it was taken from the pool: nothing was sent.
      if (!(error instanceof ReusedSocketClosed)) throw error;
      return exchange(url, init, body, agent);
    }
  };
}

class ReusedSocketClosed extends Error {}

function exchange(url: URL, init: RequestInit, body: string | undefined, agent: http.Agent): Promise<Response> {
  const { signal } = init;
  const headers: Record<string, string> = {};
  new Headers(init.headers).forEach((value, name) => {
    headers[name] = value;
  });
  if (body !== undefined) headers["content-length"] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const open = url.protocol === "https:" ? https.request : http.request;
    const request = open(url, { method: init.method ?? "GET", headers, agent });
    const abort = () => request.destroy(abortReason(signal));
    signal?.addEventListener("abort", abort, { once: true });
    request.once("close", () => signal?.removeEventListener("abort", abort));
    request.once("error", (error: NodeJS.ErrnoException) => {
      const closedInPool = request.reusedSocket && error.code === "ECONNRESET" && !signal?.aborted;
      reject(closedInPool ? new ReusedSocketClosed(error.message, { cause: error }) : error);
    });
    request.once("response", (answer) => {
      resolve(toResponse(answer));
    });
    request.end(body);
  });
}

function abortReason(signal: AbortSignal | null | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException("This operation was aborted", "AbortError");
}

const BODILESS = new Set([101, 204, 205, 304]);

function toResponse(answer: http.IncomingMessage): Response {
  const headers = new Headers();
  for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2) {
    headers.append(answer.rawHeaders[i] ?? "", answer.rawHeaders[i + 1] ?? "");
  }
  const status = answer.statusCode ?? 0;
  if (BODILESS.has(status)) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  const stream = Readable.toWeb(answer) as ReadableStream<Uint8Array>; // the same class; the types are of two libraries
  return new Response(stream, { status, statusText: answer.statusMessage ?? "", headers });
}
