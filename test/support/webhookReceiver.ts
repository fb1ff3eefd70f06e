import http from "node:http";

/** A part of the receiver's address that must be seen nowhere else. */
export const SECRET = "T0/B0/a-secret-in-the-path";

/** A server that webhooks are posted to. */
export interface Receiver {
  url: string;
  got: { method: string; type: string; body: unknown }[];
  /** Statuses of the next answers; null: none at all. Afterwards 200. */
  answers: (number | null)[];
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const got: Receiver["got"] = [];
  const answers: Receiver["answers"] = [];
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"));
      got.push({ method: request.method ?? "", type: request.headers["content-type"] ?? "", body });
      const status = answers.length === 0 ? 200 : (answers.shift() ?? null);
      if (status !== null) response.writeHead(status, { location: "/elsewhere" }).end("ok");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/${SECRET}`,
    got,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
