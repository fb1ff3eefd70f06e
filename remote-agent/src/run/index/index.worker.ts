import { parentPort, workerData } from "node:worker_threads";
import { isBusy, isDamage } from "./errors.ts";
import { IndexReader } from "./indexReader.ts";
import { IndexWriter } from "./indexWriter.ts";
import type { Reply, ReplyError, Request, WorkerStart } from "./workerMessages.ts";

/** One thread of an index: its writer, which reads the journal, or its reader, which answers. One request after the other. */
const start = workerData as WorkerStart;
const port = parentPort;
if (port === null) throw new Error("index.worker is a worker thread");
const reply = (message: Reply) => port.postMessage(message);
const worker =
  start.role === "writer" ? new IndexWriter(start, (seq) => reply({ progress: seq })) : new IndexReader(start);

let turn: Promise<void> = Promise.resolve();
port.on("message", (request: Request) => {
  turn = turn.then(async () => {
    try {
      reply({ number: request.number, result: await worker.do(request) });
    } catch (error) {
      reply({ number: request.number, error: errorOf(error) });
    }
  });
});

function errorOf(error: unknown): ReplyError {
  const known = error instanceof Error ? error : new Error(String(error));
  const reason = "reason" in known && typeof known.reason === "string" ? known.reason : null;
  return { name: known.name, message: known.message, reason, damaged: isDamage(error), busy: isBusy(error) };
}
