import { readdir, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { KEPT_DAYS, markUsed, removeUnused } from "../../../../remote-agent/src/run/index/unused.ts";
import { temporaryDirectory } from "./support.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 27);

async function put(directory: string, name: string, daysAgo: number): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, "x");
  await utimes(file, (NOW - daysAgo * DAY_MS) / 1000, (NOW - daysAgo * DAY_MS) / 1000);
  return file;
}

it("removes what is derived of a run when none of it was used for a month, and nothing else", async () => {
  const directory = await temporaryDirectory();
  const run = (name: string) => `20260101-1-${name}-0123456789abcdef`;
  for (const kind of ["sqlite", "sqlite-wal", "sqlite-shm", "view.json", "series.json", "figures", "figures.417.new"])
    await put(directory, `${run("old")}.${kind}`, KEPT_DAYS + 1);
  await put(directory, `${run("listed")}.sqlite`, 400);
  await put(directory, `${run("listed")}.view.json`, KEPT_DAYS - 1);
  await put(directory, "notes.txt", 400);
  await put(directory, "not-ours.sqlite", 400);
  removeUnused(directory, NOW);
  expect((await readdir(directory)).sort()).toEqual(
    [`${run("listed")}.sqlite`, `${run("listed")}.view.json`, "not-ours.sqlite", "notes.txt"].sort(),
  );
});

it("what is used counts from then on; a file that is not there is no matter", async () => {
  const directory = await temporaryDirectory();
  const file = await put(directory, "20260101-1-a-0123456789abcdef.sqlite", KEPT_DAYS + 1);
  markUsed(file, NOW);
  removeUnused(directory, NOW);
  expect((await stat(file)).mtimeMs).toBe(NOW);
  markUsed(path.join(directory, "gone.sqlite"), NOW);
  const later = await put(directory, "20260101-1-b-0123456789abcdef.sqlite", 0.5);
  markUsed(later, NOW);
  expect((await stat(later)).mtimeMs).toBe(NOW - 0.5 * DAY_MS); // used today: not written again
});
