import type { Lineage, LineageNode } from "../../../remote-agent/src/protocol/questionRows.ts";

export interface LineageStep {
  /** Negative: causes; 0: the record itself; positive: what it led to. */
  readonly depth: number;
  readonly type: string;
  readonly nodes: readonly LineageNode[];
}

/** The walk as a list: the farthest cause first, then nearer ones, the record itself, and what it led to. One step is of one type. */
export function lineageSteps({ nodes }: Lineage): LineageStep[] {
  const steps = Map.groupBy(nodes, ({ depth, type }) => `${depth} ${type}`);
  return [...steps.values()]
    .map((own) => ({ depth: own[0]?.depth ?? 0, type: own[0]?.type ?? "", nodes: own }))
    .sort((a, b) => a.depth - b.depth || rank(a.type) - rank(b.type));
}

/** Both directions of one walk; the record itself is in each. */
export function joined(causes: Lineage, effects: Lineage): Lineage {
  return {
    nodes: [...causes.nodes, ...effects.nodes.filter(({ depth }) => depth !== 0)],
    edges: [...causes.edges, ...effects.edges],
    cut: causes.cut || effects.cut,
    sampledBy: effects.sampledBy,
    index: effects.index,
  };
}

const types = ["checkpoint", "task", "trajectory", "score", "decision", "example", "metric", "gate"];

function rank(type: string): number {
  const at = types.indexOf(type);
  return at < 0 ? types.length : at;
}

/** Records that may belong to one question; the others are shown by themselves. */
export function isOfQuestion(type: string): boolean {
  return type === "task" || type === "trajectory" || type === "score";
}
