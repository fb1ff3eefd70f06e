import path from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { SeriesReader } from "../series/seriesReader.ts";
import { isBusy, isDamage } from "./errors.ts";
import { IndexReader } from "./indexReader.ts";
import { IndexWriter } from "./indexWriter.ts";
import { markUsed, removeUnused } from "./unused.ts";
import type { Reply, ReplyError, Request, WorkerStart } from "./workerMessages.ts";

/**
 * One thread of what is derived from a run: the index's writer, which reads the journal, its reader, which answers, or the
 * run's series. One request after the other.
 */
const start = workerData as WorkerStart;
const port = parentPort;
if (port === null) throw new Error("index.worker is a worker thread");
const reply = (message: Reply) => port.postMessage(message);
const worker = workerOf(start);

let turn: Promise<void> = Promise.resolve();
port.on("message", (request: Request) => {
  turn = turn.then(async () => {
    try {
      reply({ number: request.number, result: await worker.do(request) });
    } catch (error) {
      reply({ number: request.number, error: errorOf(error) });
    }
    worker.afterwards?.();
  });
});

function workerOf({ role, runDir, file }: WorkerStart): { do(request: Request): unknown; afterwards?(): void } {
  markUsed(file, Date.now());
  if (role === "writer") {
    removeUnused(path.dirname(file), Date.now());
    return new IndexWriter(start, (seq) => reply({ progress: seq }));
  }
  if (role === "reader") return new IndexReader(start);
  const series = new SeriesReader(runDir, file.replace(/\.sqlite$/, ".series.json"));
  return {
    do(request) {
      if (request.op !== "series") throw new Error(`the series of a run do not answer '${request.op}'`);
      return series.answer(request.args.query, request.args.upTo);
    },
  };
}

function errorOf(error: unknown): ReplyError {
  const known = error instanceof Error ? error : new Error(String(error));
  const reason = "reason" in known && typeof known.reason === "string" ? known.reason : null;
  return { name: known.name, message: known.message, reason, damaged: isDamage(error), busy: isBusy(error) };
}
