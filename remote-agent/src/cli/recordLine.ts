import type { RunRecord, Stored } from "../protocol/records.ts";
import { decisionText } from "../protocol/review.ts";
import { bytes, decimal, duration } from "./format.ts";
import { harmless } from "./layout.ts";
import { stateText } from "./stateLines.ts";

/** A record in one line for people: sequence number, time, type, what it says. */
export function recordLine(record: Stored<RunRecord>): string {
  const time = new Date(record.t).toISOString().slice(11, 19);
  return `${String(record.seq).padStart(6)}  ${time}  ${record.type.padEnd(10)}  ${harmless(text(record))}`.trimEnd();
}

function text(record: Stored<RunRecord>): string {
  switch (record.type) {
    case "state":
      return stateText(record);
    case "stage":
      return record.phase === "begin"
        ? `${record.key} begins`
        : `${record.key} done in ${duration(record.seconds ?? 0)}${record.engineSeconds === null ? "" : `, engine at work ${duration(record.engineSeconds)}`}`;
    case "metric":
      return `${record.name} ${record.iteration}${record.step === null ? "" : `, step ${record.step}`}: ${values(record.values)}`;
    case "notice":
      return `${record.level}: ${record.message}`;
    case "command":
      return `${record.command} by ${record.by}`;
    case "owner":
      return `process ${record.pid}`;
    case "usage":
      return `${duration(record.wallSeconds)}, CPU ${duration(record.agentCpuSeconds)} agent, ${record.engineCpuSeconds === null ? "unknown" : duration(record.engineCpuSeconds)} engine`;
    case "checkpoint":
      return `${record.role} ${record.method} step ${record.step}${record.path === null ? "" : `, saved at ${record.path}`}`;
    case "task":
      return `${record.question ?? "(the Challenger's prompt)"}${record.truth.answer === null ? "" : ` → ${record.truth.answer}`}`;
    case "trajectory":
      return `${record.role}, ${record.completionTokens} tokens: ${record.product.question ?? record.product.answer ?? `nothing usable (${record.product.reason})`}`;
    case "score":
      return `${record.scorer.name} ${decimal(record.value, 3)} ${JSON.stringify(record.parts)}`;
    case "example":
      return `group of ${record.members.length}, rewards ${record.rewards.map((reward) => decimal(reward, 2)).join(" ")}`;
    case "call":
      return `${record.key}, ${record.count} records in ${duration(record.ms / 1000)}`;
    case "gate":
      return `${record.stage} released by ${record.releasedBy}`;
    case "decision":
      return `${decisionText(record)}, question ${record.task}, by ${record.by}`;
    case "aside":
      return `asked again by ${record.by}: ${record.question} → ${record.label || "no answer"} (${record.votes} of ${record.denominator})`;
    case "alarm":
      return record.phase === "over"
        ? `over: ${record.episode}`
        : `${record.message}${record.stops ? " The run is stopped." : ""}`;
    case "gating":
      return `review gates ${record.on ? "on" : "off"}, by ${record.by}`;
    case "release":
      return `${record.gate} released by ${record.by}; questions without a verdict: ${record.undecided}`;
    case "intent":
      return `${record.call} to ${record.model}, number ${record.seq}`;
    case "kept":
      return `checkpoint ${record.checkpoint}, saved at ${record.path}`;
    case "model":
      return `${record.model} holds checkpoint ${record.checkpoint}`;
    case "removed":
      return `${record.what} of ${record.ids.join(" ")}, ${bytes(record.bytes)} (${record.rule})`;
  }
}

function values(all: Record<string, number | null | number[]>): string {
  return Object.entries(all)
    .map(([name, value]) => {
      if (value === null) return `${name} –`;
      if (Array.isArray(value)) return `${name} [${value.map((item) => Number(item.toPrecision(3))).join(" ")}]`;
      return `${name} ${Number(value.toPrecision(4))}`;
    })
    .join(", ");
}
