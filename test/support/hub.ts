import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A small Hugging Face hub: revisions, trees, files by range, large ones by a redirect to another origin, and what goes wrong. */
export interface TestHub {
  readonly endpoint: string;
  /** Requests in order: method, path, range, and whether the token came along. */
  readonly requests: { path: string; range: string | null; authorization: string | null; storage: boolean }[];
  /** Called before a file is sent; answers after how many bytes the connection is cut, or null. */
  cutAfter: (path: string, from: number) => number | null;
  /** A token that is needed; null: none. */
  token: string | null;
  ranges: boolean;
  close(): Promise<void>;
}

export async function startHub(model: string, files: Record<string, Buffer>): Promise<TestHub> {
  const commit = createHash("sha1").update(model).digest("hex");
  const isLarge = (name: string) => name.endsWith(".safetensors");
  const hub: Omit<TestHub, "endpoint" | "close"> = {
    requests: [],
    cutAfter: () => null,
    token: null,
    ranges: true,
  };
  const note = (request: IncomingMessage, storage: boolean) =>
    hub.requests.push({
      path: request.url ?? "",
      range: request.headers.range ?? null,
      authorization: request.headers.authorization ?? null,
      storage,
    });
  const sendFile = (request: IncomingMessage, response: ServerResponse, name: string) => {
    const content = files[name] ?? Buffer.alloc(0);
    const from = hub.ranges ? Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
    const part = content.subarray(from);
    const headers: Record<string, string | number> = { "content-length": part.length };
    if (from > 0) headers["content-range"] = `bytes ${from}-${content.length - 1}/${content.length}`;
    response.writeHead(from > 0 ? 206 : 200, headers);
    const cut = hub.cutAfter(name, from);
    if (cut === null) return response.end(part);
    response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  };
  const storage = createServer((request, response) => {
    note(request, true);
    sendFile(request, response, decodeURIComponent((request.url ?? "").slice(1)));
  });
  const storagePort = await listen(storage);
  const front = createServer((request, response) => {
    note(request, false);
    const url = decodeURIComponent(request.url ?? "");
    if (hub.token !== null && request.headers.authorization !== `Bearer ${hub.token}`) return end(response, 401, {});
    if (url === `/api/models/${model}/revision/main`) return end(response, 200, { sha: commit, id: model });
    if (url === `/api/models/${model}/tree/${commit}`) return end(response, 200, Object.entries(files).map(listed));
    const name = url.startsWith(`/${model}/resolve/${commit}/`) ? url.split("/").at(-1) : undefined;
    if (name === undefined || files[name] === undefined) return end(response, 404, { error: "not found" });
    if (!isLarge(name)) return sendFile(request, response, name);
    response.writeHead(302, { location: `http://127.0.0.1:${storagePort}/${encodeURIComponent(name)}` });
    response.end();
  });
  const port = await listen(front);
  return Object.assign(hub, {
    endpoint: `http://localhost:${port}`,
    close: async () => {
      for (const server of [front, storage]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  });

  function listed([path, content]: [string, Buffer]) {
    const oid = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
    const lfs = { oid: createHash("sha256").update(content).digest("hex"), size: content.length };
    return { type: "file", path, size: content.length, oid, ...(isLarge(path) ? { lfs } : {}) };
  }
}

function end(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    }),
  );
}
