import type { Lineage, LineageNode } from "../../protocol/questionRows.ts";
import { clip } from "./bounded.ts";
import { decisionTitle } from "./decisionTitle.ts";
import type { IndexedRecord, RecordReader } from "./reader.ts";

export interface LineageQuery {
  readonly id: string;
  readonly direction: "causes" | "effects" | "both";
  readonly depth: number;
  readonly limit: number;
}

const FAN_OUT = 50;
const TITLE_CHARS = 200;
const CALLS = 50;

/**
 * The records that led to one (checkpoint → examples → scores → trajectories → tasks → the trajectory that proposed them) and
 * those it led to, breadth first and bounded. What a reviewer decided stands between a question and what it became.
 */
export function lineageOf(reader: RecordReader, query: LineageQuery): Omit<Lineage, "index"> {
  const start = reader.byId(query.id);
  const walk = new Walk(reader, query.limit);
  walk.add(start, 0);
  if (query.direction !== "effects") walk.from(start, query.depth, -1, (item, limit) => causes(reader, item, limit));
  if (query.direction !== "causes") walk.from(start, query.depth, 1, (item, limit) => reader.children(item.seq, limit));
  const sampledBy = start.record.type === "checkpoint" ? reader.sampledBy(start.seq, CALLS + 1) : [];
  return {
    nodes: walk.nodes,
    edges: walk.edges,
    cut: walk.cut || sampledBy.length > CALLS,
    sampledBy: sampledBy.slice(0, CALLS),
  };
}

class Walk {
  readonly nodes: LineageNode[] = [];
  readonly edges: Lineage["edges"] = [];
  cut = false;
  readonly #seen = new Set<string>();
  readonly #reader: RecordReader;
  readonly #limit: number;

  constructor(reader: RecordReader, limit: number) {
    this.#reader = reader;
    this.#limit = limit;
  }

  add({ record }: IndexedRecord, depth: number): boolean {
    if (this.#seen.has(record.id)) return false;
    if (this.nodes.length >= this.#limit) {
      this.cut = true;
      return false;
    }
    this.#seen.add(record.id);
    this.nodes.push({
      id: record.id,
      type: record.type,
      call: record.type === "decision" ? "review" : record.call,
      title: clip(titleOf(this.#reader, record), TITLE_CHARS).text,
      depth,
    });
    return true;
  }

  get room(): number {
    return this.#limit - this.nodes.length;
  }

  /** Goes on from `start`, one level after the other, while there is room. */
  from(
    start: IndexedRecord,
    depth: number,
    sign: 1 | -1,
    next: (item: IndexedRecord, limit: number) => IndexedRecord[],
  ): void {
    let level = [start];
    for (let d = 1; d <= depth && level.length > 0; d++) {
      const found: IndexedRecord[] = [];
      for (const item of level) {
        if (this.room === 0) {
          this.cut = true;
          return;
        }
        const others = next(item, FAN_OUT + 1);
        if (others.length > FAN_OUT) this.cut = true;
        for (const other of others.slice(0, FAN_OUT)) {
          if (this.add(other, sign * d)) found.push(other);
          if (!this.#seen.has(other.record.id)) continue;
          const [parent, child] = sign < 0 ? [other, item] : [item, other];
          this.edges.push({ parent: parent.record.id, child: child.record.id });
        }
      }
      level = found;
    }
    const unseen = ({ record }: IndexedRecord) => !this.#seen.has(record.id);
    if (level.some((item) => next(item, 1).some(unseen))) this.cut = true;
  }
}

/** What a record names as its causes. */
function causes(reader: RecordReader, { record }: IndexedRecord, limit: number): IndexedRecord[] {
  const ids = new Set(record.type === "decision" ? [record.task] : record.parents);
  if (record.type === "trajectory") ids.add(record.checkpoint);
  if (record.type === "task" && record.proposedBy !== null) ids.add(record.proposedBy);
  if (record.type === "score") for (const id of record.consulted) ids.add(id);
  if (record.type === "example") for (const id of record.members) ids.add(id);
  return [...ids].slice(0, limit).flatMap((id) => reader.find(id) ?? []);
}

function titleOf(reader: RecordReader, record: IndexedRecord["record"]): string {
  switch (record.type) {
    case "decision":
      return decisionTitle(reader, record);
    case "task":
      return `${record.question ?? "(the Challenger's prompt)"}${record.truth.answer === null ? "" : ` → ${record.truth.answer}`}`;
    case "trajectory":
      return `${record.role}, ${record.completionTokens} tokens: ${record.product.question ?? record.product.answer ?? record.product.reason ?? "–"}`;
    case "score":
      return `${record.scorer.name} ${Number(record.value.toPrecision(4))}`;
    case "example":
      return `group of ${record.members.length}, label ${record.label ?? "none"}`;
    case "checkpoint":
      return `${record.role} ${record.method} step ${record.step}`;
    case "metric":
      return `${record.name} ${record.iteration}`;
    case "gate":
      return `${record.stage} released by ${record.releasedBy}`;
  }
}
