import { constants } from "node:fs";
import { copyFile, mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { errorCode } from "./journal/errors.ts";
import { salvageJournal } from "./journal/salvage.ts";

export interface SalvageReport {
  run: string;
  records: number;
  /** Records by type. */
  types: Record<string, number>;
  firstSeq: number | null;
  lastSeq: number | null;
  /** Verb calls that are whole, and those whose closing record is there while some of their records are lost. */
  wholeCalls: number;
  brokenCalls: string[];
  /** Bytes of the journal that are no record. */
  damaged: { segment: string; offset: number; bytes: number }[];
  /** Sequence numbers that no record has, as ranges with both ends. */
  missing: { from: number; to: number }[];
  configuration: "copied" | "missing";
}

/** The salvage cannot go where it should. */
export class SalvageRefused extends Error {
  override readonly name = "SalvageRefused";
}

/**
 * Writes everything that can still be read of a run's journal to `target`: `records.jsonl`, the run's configuration, and
 * `report.json`, which says what is lost. The run's own directory is only read. `target` must not exist; it appears whole.
 * @throws SalvageRefused; the file system's errors
 */
export async function salvageRun(runDir: string, target: string): Promise<SalvageReport> {
  if (!path.relative(runDir, target).startsWith("..")) {
    throw new SalvageRefused(
      `${target} lies in the run's own directory, which is not to be changed: choose another one with --to.`,
    );
  }
  const aside = `${target}.part-${process.pid}`;
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await mkdir(aside);
    const report = await writeRecords(runDir, path.join(aside, "records.jsonl"));
    report.configuration = await copyConfiguration(runDir, aside);
    await writeWhole(path.join(aside, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
    await rename(aside, target).catch((error: unknown) => {
      const taken = ["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errorCode(error) ?? "");
      throw taken ? new SalvageRefused(`${target} exists already: choose a new directory with --to.`) : error;
    });
    return report;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** Bytes of text that are written at a time. */
const FLUSH_CHARS = 2 ** 20;

async function writeRecords(runDir: string, file: string): Promise<SalvageReport> {
  const report: SalvageReport = {
    run: path.basename(runDir),
    records: 0,
    types: {},
    firstSeq: null,
    lastSeq: null,
    wholeCalls: 0,
    brokenCalls: [],
    damaged: [],
    missing: [],
    configuration: "missing",
  };
  /** Data records, by call, that no closing record has counted yet. */
  const unclosed = new Map<string, number>();
  const out = await open(file, "wx", 0o600);
  try {
    let text = "";
    for await (const found of salvageJournal(runDir)) {
      if ("damaged" in found) {
        report.damaged.push(found.damaged);
        continue;
      }
      const { record } = found;
      const expected = (report.lastSeq ?? 0) + 1;
      if (record.seq > expected) report.missing.push({ from: expected, to: record.seq - 1 });
      report.firstSeq ??= record.seq;
      report.lastSeq = record.seq;
      report.records += 1;
      report.types[record.type] = (report.types[record.type] ?? 0) + 1;
      countCall(record, unclosed, report);
      text += `${JSON.stringify(record)}\n`;
      if (text.length >= FLUSH_CHARS) {
        await out.writeFile(text);
        text = "";
      }
    }
    await out.writeFile(text);
    await out.sync();
  } finally {
    await out.close();
  }
  return report;
}

function countCall(
  record: { readonly [field: string]: unknown },
  waiting: Map<string, number>,
  report: SalvageReport,
): void {
  const { type, key, call, count } = record;
  if (type === "call" && typeof key === "string") {
    const there = waiting.get(key) ?? 0;
    waiting.delete(key);
    // A call that a crash cut short may have left records before its own: there can be more, not fewer.
    if (there >= Number(count)) report.wholeCalls += 1;
    else report.brokenCalls.push(key);
  } else if (typeof call === "string" && "id" in record) {
    waiting.set(call, (waiting.get(call) ?? 0) + 1);
  }
}

async function copyConfiguration(runDir: string, target: string): Promise<"copied" | "missing"> {
  let found: "copied" | "missing" = "missing";
  for (const name of ["run.yaml", "run.patch.yaml"]) {
    try {
      await copyFile(path.join(runDir, name), path.join(target, name), constants.COPYFILE_EXCL);
      if (name === "run.yaml") found = "copied";
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
  return found;
}

async function writeWhole(file: string, text: string): Promise<void> {
  const out = await open(file, "wx", 0o600);
  try {
    await out.writeFile(text);
    await out.sync();
  } finally {
    await out.close();
  }
}
