import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { expect, it, onTestFinished } from "vitest";
import { openForWriting } from "../../../../remote-agent/src/run/index/schema.ts";

const holding = `
  const { DatabaseSync } = require("node:sqlite");
  const { parentPort, workerData } = require("node:worker_threads");
  const db = new DatabaseSync(workerData);
  db.exec("BEGIN IMMEDIATE; CREATE TABLE made (by TEXT)");
  parentPort.postMessage("held");
  setTimeout(() => { db.exec("COMMIT"); db.close(); }, 500);
`;

it("an index that somebody else is making in this moment is opened when they have", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-schema-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "index.sqlite");
  const other = new Worker(holding, { eval: true, workerData: file });
  const ended = new Promise((resolve) => other.once("exit", resolve));
  await new Promise((resolve) => other.once("message", resolve));
  const db = openForWriting(file);
  expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(db.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "made" }]);
  db.close();
  await ended;
});
