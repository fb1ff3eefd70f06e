import type { LogLine } from "../../remote-agent/src/protocol/logs.ts";
import type { TelemetryPoint } from "../../remote-agent/src/protocol/telemetry.ts";
import { terminalText } from "./terminalText.ts";

const ESC = "\u001b";
const colour = (code: number, text: string) => `${ESC}[${code}m${text}${ESC}[0m`;

/** A line of a log as the terminal shows it: time, program, text. @param clock how a moment is written */
export function logLineText({ t, level, source, text }: LogLine, clock: (t: number) => string): string {
  const time = t === null ? "" : clock(t);
  const label = source.replace(/[^\w.-]/g, "").slice(0, 16);
  const mark = level === "error" ? colour(31, "ERROR ") : level === "warning" ? colour(33, "WARNING ") : "";
  return `${colour(2, time.padEnd(8))} ${colour(sourceColours[label] ?? 34, label.padEnd(6))} ${mark}${terminalText(text)}`;
}

const sourceColours: Readonly<Record<string, number>> = { agent: 36, engine: 35, telemetry: 32 };

/** A minute of a host as a line, like the logs' lines. */
export function telemetryLine(point: TelemetryPoint): LogLine {
  const gpus = (point.gpus ?? []).map(({ index, utilization, memoryUsed, watts }) =>
    [
      `gpu ${index}`,
      utilization === null ? null : `${Math.round(100 * utilization)} %`,
      memoryUsed === null ? null : gib(memoryUsed),
      watts === null ? null : `${Math.round(watts)} W`,
    ]
      .filter((part) => part !== null)
      .join(" "),
  );
  const cores = [
    ["cpu", point.cpuBusy],
    ["agent", point.agentCores],
    ["engine", point.engineCores],
  ].flatMap(([name, value]) => (typeof value === "number" ? [`${name} ${value.toFixed(1)} cores`] : []));
  const text = [...gpus, ...cores, `memory ${gib(point.memoryUsed)}`].join(" · ");
  return { t: point.t, level: "info", source: "telemetry", text };
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
