import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createHttpFetch } from "../../../remote-agent/src/engine/httpFetch.ts";

const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(handler: http.RequestListener): Promise<{ url: string; server: http.Server }> {
  const server = http.createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

describe("fetch over node:http", () => {
  it("carries method, headers and body both ways, unicode included", async () => {
    const { url } = await serve(async (request, response) => {
      let body = "";
      request.setEncoding("utf8");
      for await (const part of request) body += part;
      response.writeHead(201, { "x-method": request.method ?? "", "x-token": request.headers.authorization ?? "" });
      response.end(`${body}!`);
    });
    const answer = await createHttpFetch()(`${url}/a?b=1`, {
      method: "POST",
      body: "日本",
      headers: { Authorization: "Bearer T" },
    });
    expect([answer.status, answer.headers.get("x-method"), answer.headers.get("x-token")]).toEqual([
      201,
      "POST",
      "Bearer T",
    ]);
    expect(await answer.text()).toBe("日本!");
  });

  it("hands over answers without body", async () => {
    const { url } = await serve((_, response) => response.writeHead(204).end());
    const answer = await createHttpFetch()(url);
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
  });

  it("closes the connection when aborted before the headers, which cancels the job at the engine", async () => {
    let closed: () => void;
    const closing = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    const { url } = await serve((request) => {
      request.socket.once("close", () => closed());
      stop.abort(reason);
    });
    await expect(createHttpFetch()(url, { signal: stop.signal })).rejects.toBe(reason);
    await closing;
  });

  it("stops in the middle of a body when aborted", async () => {
    const { url } = await serve((_, response) => void response.write("half"));
    const stop = new AbortController();
    const answer = await createHttpFetch()(url, { signal: stop.signal });
    const text = answer.text();
    setTimeout(() => stop.abort(new Error("enough")), 30);
    await expect(text).rejects.toThrow();
  });

  it("fails when the server breaks off in the middle of a body", async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.socket?.destroy(), 20);
    });
    const answer = await createHttpFetch()(url);
    await expect(answer.text()).rejects.toThrow();
  });

  it("survives a server that closes idle connections", async () => {
    const { url, server } = await serve((_, response) => response.end("ok"));
    const fetch = createHttpFetch();
    for (let i = 0; i < 20; i++) {
      expect(await (await fetch(url)).text()).toBe("ok");
      server.closeIdleConnections();
    }
  });
});
