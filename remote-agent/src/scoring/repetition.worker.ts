import { parentPort, workerData } from "node:worker_threads";
import { type RepetitionOptions, repetitionOfTokens } from "./repetition.ts";

/** What the worker is started with; tokens, not texts, because a domain's tokenizer cannot cross the thread border. */
export interface RepetitionWork {
  readonly lists: readonly (readonly string[])[];
  readonly rules: RepetitionOptions["rules"];
}

const { lists, rules } = workerData as RepetitionWork;
const result = repetitionOfTokens(lists, rules);
parentPort?.postMessage(result, [result.penalty.buffer, result.cluster.buffer, result.size.buffer] as ArrayBuffer[]);
