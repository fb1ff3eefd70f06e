import { createHash } from "node:crypto";
import { bleuDistances } from "./bleu.ts";
import { chainLinkage } from "./chainLinkage.ts";
import { greedyLinkage } from "./greedyLinkage.ts";
import type { RepetitionRules } from "./presets.ts";
import { scriptTokens, wordTokens } from "./tokens.ts";

/** Repetition of a batch of B questions; every array has shape [B] and the order of the batch. */
export interface Repetition {
  /** lambda · |cluster| / B. */
  readonly penalty: Float64Array;
  /** Cluster ids, numbered by first appearance. */
  readonly cluster: Int32Array;
  /** |cluster| of each item's cluster. */
  readonly size: Int32Array;
}

export interface RepetitionOptions {
  readonly rules: Pick<RepetitionRules, "tau" | "lambda" | "orderFree"> & Partial<Pick<RepetitionRules, "tokens">>;
  /** The domain's tokenizer; by default the rules' own. */
  readonly tokens?: (question: string) => readonly string[];
}

/**
 * How much each question repeats others of its batch: BLEU distances, average-linkage clusters, |cluster| / B.
 * The whole batch goes in, a malformed question as "": it counts in B and is alone in its cluster. RZERO "Repetition penalty".
 */
export function repetition(questions: readonly string[], options: RepetitionOptions): Repetition {
  return repetitionOfTokens(tokenLists(questions, options), options.rules);
}

export function tokenLists(questions: readonly string[], { rules, tokens }: RepetitionOptions): (readonly string[])[] {
  const split = tokens ?? (rules.tokens === "scripts" ? scriptTokens : wordTokens);
  return questions.map((question) => (question === "" ? [] : split(question)));
}

export function repetitionOfTokens(
  lists: readonly (readonly string[])[],
  rules: RepetitionOptions["rules"],
): Repetition {
  const representative = rules.orderFree ? orderFreeClusters(lists, rules.tau) : batchOrderClusters(lists, rules.tau);
  const batch = lists.length;
  const members = new Int32Array(batch);
  for (const item of representative) members[item]!++;
  const size = representative.map((item) => members[item]!);
  return {
    penalty: Float64Array.from(size, (count) => (rules.lambda * count) / batch),
    cluster: numberedByAppearance(representative),
    size,
  };
}

/** The reference's clusters: which question is hypothesis, and how ties fall, follow the order of the batch. */
function batchOrderClusters(lists: readonly (readonly string[])[], tau: number): Int32Array {
  return chainLinkage(bleuDistances(lists, { symmetric: false }), lists.length, tau);
}

/**
 * Clusters that no permutation of the batch changes: unique token lists with their multiplicity, in the order of their hashes.
 * An empty list stays alone: malformed questions repeat nothing.
 */
function orderFreeClusters(lists: readonly (readonly string[])[], tau: number): Int32Array {
  const unique = uniqueLists(lists);
  const owner = greedyLinkage(
    bleuDistances(
      unique.map(({ tokens }) => tokens),
      { symmetric: true },
    ),
    Int32Array.from(unique, ({ items }) => items.length),
    tau,
  );
  const representative = Int32Array.from(lists, (_, item) => item);
  for (const [at, { items }] of unique.entries()) {
    for (const item of items) representative[item] = unique[owner[at]!]!.items[0]!;
  }
  return representative;
}

interface UniqueList {
  readonly tokens: readonly string[];
  readonly hash: string;
  /** Positions in the batch. */
  readonly items: number[];
}

function uniqueLists(lists: readonly (readonly string[])[]): UniqueList[] {
  const known = new Map<string, UniqueList>();
  for (const [item, tokens] of lists.entries()) {
    if (tokens.length === 0) continue;
    const text = JSON.stringify(tokens);
    const same = known.get(text);
    if (same !== undefined) same.items.push(item);
    else known.set(text, { tokens, hash: createHash("sha256").update(text).digest("hex"), items: [item] });
  }
  return [...known.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

function numberedByAppearance(representative: Int32Array): Int32Array {
  const ids = new Map<number, number>();
  return representative.map((item) => {
    if (!ids.has(item)) ids.set(item, ids.size);
    return ids.get(item) as number;
  });
}
