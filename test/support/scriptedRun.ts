import { loadTokenizer } from "../../remote-agent/src/engine/tokenizer.ts";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import type { Outcome } from "../../remote-agent/src/run/outcome.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { smallConfig, type temporaryInstallation } from "./demoRun.ts";
import { type ScriptedEngine, type ScriptedEngineOptions, startScriptedEngine } from "./scriptedEngine.ts";
import { hash, unit } from "./scriptedModel.ts";

/**
 * A scripted "model" that poses sorting questions of growing length and answers them with more slips the longer they are
 * and fewer the more it was trained; `question` and `answers` replace what it asks and answers, `steps` being the optimiser steps that
 * its weights have had.
 */
export async function sortingEngine(
  modelDir: string,
  question: (seed: number, steps: number) => string = sortQuestion,
  { answers = answer, other = question, entropy }: Partial<Shape> = {},
): Promise<ScriptedEngine> {
  const tokenizer = await loadTokenizer(modelDir);
  const eosTokenId = tokenizer.eosTokenIds[0] ?? 1;
  const options: ScriptedEngineOptions = {
    vocabSize: 128,
    contextLength: 512,
    eosTokenId,
    padTokenId: 0,
    ...(entropy === undefined ? {} : { entropy }),
    sample: ({ prompt, seed, steps, maxTokens }) => {
      const asked = /sort (\d+)/.exec(tokenizer.decode(prompt))?.[1];
      const text =
        asked !== undefined
          ? `\\boxed{${answers(asked, seed, steps)}}`
          : (/What is/.test(tokenizer.decode(prompt)) ? other : question)(seed, steps);
      const tokens = [...tokenizer.encode(text), eosTokenId];
      return tokens.length <= maxTokens
        ? { tokens, stop: "stop" }
        : { tokens: tokens.slice(0, maxTokens), stop: "length" };
    },
  };
  return startScriptedEngine(options);
}

/** How a scripted model behaves. */
interface Shape {
  answers(digits: string, seed: number, steps: number): string;
  /** What it says to a question that is no sorting. */
  other(seed: number, steps: number): string;
  /** What training reports as its entropy. */
  entropy(steps: number): number;
}

export function sortQuestion(seed: number): string {
  const length = 3 + (hash([seed]) % 12);
  const digits = Array.from({ length }, (_, i) => hash([seed, i]) % 10).join("");
  return `<question>sort ${digits}</question>\\boxed{${[...digits].sort().join("")}}`;
}

function answer(digits: string, seed: number, steps: number): string {
  const sorted = [...digits].sort();
  const slips = unit(hash([seed, 7])) < (0.05 * digits.length) / (1 + 0.05 * steps);
  if (slips) sorted.splice(hash([seed, 9]) % sorted.length, 1);
  return sorted.join("");
}

/** One iteration against a scripted engine. */
export function scriptedConfig(
  engine: ScriptedEngine,
  change: (config: RunConfig) => void = () => undefined,
): RunConfig {
  return smallConfig((config) => {
    config.iterations = 1;
    Object.assign(config.engine, { url: engine.url, callTimeout: 60, restarts: 2 });
    change(config);
  });
}

type Home = Awaited<ReturnType<typeof temporaryInstallation>>;

export interface Supervised {
  run: string;
  outcome: Outcome;
}

/** Runs the recipe in this process against a scripted engine, from the start or resuming `run`. */
export async function superviseAgainst(
  home: Home,
  modelDir: string,
  engine: ScriptedEngine,
  options: { run?: string; change?: (config: RunConfig) => void; control?: RunControl } = {},
): Promise<Supervised> {
  const config = scriptedConfig(engine, options.change);
  const run = options.run ?? (await createRun(home, config, modelDir, new Date()));
  const outcome = await supervise(
    {
      runDir: run,
      python: home.python,
      enginePackageDir: home.enginePackageDir,
      recipe: rZero,
      engineToken: engine.token,
      log: () => undefined,
    },
    options.control ?? new RunControl(),
  );
  return { run, outcome };
}
