import { readFile } from "node:fs/promises";
import path from "node:path";
import { type TelemetryPoint, telemetryPoint } from "../../protocol/telemetry.ts";
import { RotatingFile } from "../logs/rotatingFile.ts";

/**
 * A run's telemetry lies beside the journal, not in it: it is no part of what happened in the run, no replay needs it, and
 * a month of it would be larger than the journal of many runs. Two files of 2 MB hold about ten days of minutes.
 */
const FILE_BYTES = 2 * 2 ** 20;
const FILES = 2;
/** Points of one answer: a little more than a day of minutes. */
const POINTS = 1500;

export function telemetryFile(runDir: string): string {
  return path.join(runDir, "logs", "telemetry.jsonl");
}

export function openHistory(runDir: string): RotatingFile {
  return new RotatingFile(telemetryFile(runDir), { bytes: FILE_BYTES, files: FILES });
}

/** The newest points at or after `since`, oldest first. A line that is damaged or of another version is left out. */
export async function readHistory(runDir: string, since = 0, most = POINTS): Promise<TelemetryPoint[]> {
  const texts = await Promise.all(
    [`${telemetryFile(runDir)}.1`, telemetryFile(runDir)].map((file) =>
      readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return "";
        throw error;
      }),
    ),
  );
  const lines = texts.join("\n").split("\n").slice(-most);
  return lines.flatMap((line) => pointIn(line) ?? []).filter((point) => point.t >= since);
}

function pointIn(line: string): TelemetryPoint | null {
  try {
    return telemetryPoint.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
