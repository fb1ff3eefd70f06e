import type { AnswerPair } from "../scoring/vote.ts";

/** What a worker made of a pair: its verdict, or that it could not tell, took too long, or died of it. */
export type SymbolicRule = "symbolic" | "unreadable" | "timeout" | "died";

export interface SymbolicVerdict {
  /** False for everything but a verdict: a grader that hangs or dies means “not equal”. */
  readonly equal: boolean;
  readonly rule: SymbolicRule;
}

/** Decides pairs of answers in processes of their own. */
export interface SymbolicGrader {
  /** One verdict a pair, in their order. Rejects only with the reason of the grader's signal, or when no worker starts. */
  grade(pairs: readonly AnswerPair[]): Promise<SymbolicVerdict[]>;
  /** Ends the workers. */
  close(): Promise<void>;
}

export interface PoolLimits {
  /** Workers at once. */
  workers: number;
  /** Processor seconds a pair may take; counted in full seconds by the kernel. */
  cpuSeconds: number;
  /** Milliseconds a pair may take by the clock: for what waits instead of computing, and for a busy machine. */
  wallMs: number;
  /** Milliseconds until a new worker must be ready: it imports a computer algebra system. */
  startMs: number;
  /** Address space of a worker in bytes. */
  memoryBytes: number;
  /** Pairs after which a worker is replaced: what one answer did to it ends with it. */
  recycleAfter: number;
}

export const defaultPoolLimits: PoolLimits = {
  workers: 1,
  cpuSeconds: 2,
  wallMs: 10_000,
  startMs: 120_000,
  memoryBytes: 1 << 30,
  recycleAfter: 2_000,
};

/** No worker came up; the message says why. */
export class GraderUnavailable extends Error {
  override readonly name = "GraderUnavailable";
}
