import { existsSync } from "node:fs";
import { link, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { demoConfig } from "../../../remote-agent/src/recipes/demoConfig.ts";
import { journalIdentity } from "../../../remote-agent/src/run/index/place.ts";
import { SCHEMA_VERSION } from "../../../remote-agent/src/run/index/schema.ts";
import { createRunDirectory } from "../../../remote-agent/src/run/runDir.ts";
import { cacheRoot } from "../../../scripts/setup/paths.mjs";
import { type InspectedAgent, inspectedAgent } from "../../support/inspectorHarness.ts";
import { preparedRun } from "../index.ts";

/** A folder of everything that is R-Zero's, with one run in it. */
export interface BenchHome {
  readonly root: string;
  readonly run: string;
  readonly name: string;
}

const VERSION = 2;
const LIMIT_MS = 60 * 60_000;

/** The run of the index's benchmark as a run of a home: its files are linked, nothing is written twice. */
export async function benchHome(size: "usual" | "tenfold", log: (line: string) => void): Promise<BenchHome> {
  const written = await preparedRun(size, log);
  const root = join(cacheRoot(), "bench", `inspector-${size}-v${VERSION}`);
  const run = `20261122-1-${size}-aaaa`;
  const name = `${size} questions`;
  if (!existsSync(root)) {
    const building = `${root}.building-${process.pid}`;
    await mkdir(building, { recursive: true });
    const directory = await createRunDirectory(building, {
      id: run,
      createdAt: "2026-11-22T14:30:00.000Z",
      config: { ...demoConfig(0), name },
      modelDir: "/models/base",
      identity: { agent: "source", engine: "0", model: "0" },
    });
    for (const part of ["journal", "packs"]) await linkAll(join(written.runDir, part), join(directory, part));
    await rename(building, root);
  }
  await shareIndex(written, join(root, "runs", run));
  return { root, run, name };
}

/** Brings list and index of the run up to date, as an agent that has been at work for a while has them. */
export async function broughtUpToDate(home: BenchHome, log: (line: string) => void): Promise<InspectedAgent> {
  const agent = inspectedAgent(home.root, dirname(cacheRoot()));
  log(`Bringing the index of ${home.name} up to date …`);
  const list = async () => (await agent.client.request("runs/list", {}, { limitMs: LIMIT_MS })).runs;
  while ((await list()).some(({ reading }) => reading !== undefined)) await delay(1000);
  for (;;) {
    const query = { run: home.run, query: { limit: 1 } };
    const { index } = await agent.client.request("runs/questions", query, { limitMs: LIMIT_MS });
    if (index.current) return agent;
    await delay(1000);
  }
}

async function linkAll(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) await link(join(from, name), join(to, name));
}

/** The index that the other benchmark built is of the same journal: only the name in it is another. */
async function shareIndex(written: { runDir: string; cache: string }, directory: string): Promise<void> {
  const [theirs, ours] = [journalIdentity(written.runDir), journalIdentity(directory)];
  const from = join(written.cache, "rzero/index", `${theirs}.sqlite`);
  const to = join(cacheRoot(), "index", `${ours}.sqlite`);
  if (ours === null || questionsIn(from) <= questionsIn(to)) return;
  for (const suffix of ["", "-wal", "-shm"]) await rm(to + suffix, { force: true });
  await mkdir(dirname(to), { recursive: true });
  const source = new DatabaseSync(from, { readOnly: true });
  await backup(source, `${to}.new`);
  source.close();
  const copy = new DatabaseSync(`${to}.new`);
  copy.prepare("UPDATE meta SET value = ? WHERE name = 'run'").run(ours);
  copy.close();
  await rename(`${to}.new`, to);
}

/** How many questions an index of this version has; -1 where there is none. */
function questionsIn(file: string): number {
  if (!existsSync(file)) return -1;
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    if (db.prepare("PRAGMA user_version").get()?.["user_version"] !== SCHEMA_VERSION) return -1;
    return Number(db.prepare("SELECT max(n) AS n FROM questions").get()?.["n"] ?? 0);
  } finally {
    db.close();
  }
}
