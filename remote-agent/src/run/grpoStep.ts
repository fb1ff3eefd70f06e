import { type LossProbe, probeLoss } from "../engine/check.ts";
import type { AdamParams, Datum, Engine, SubmittedStep } from "../engine/engine.ts";
import { EngineUnsupported } from "../engine/errors.ts";
import type { LearnRequest } from "../verbs/ports.ts";
import { grpoGradient } from "./grpoGradient.ts";

/**
 * How an engine is given the GRPO loss: by name, or as exact per-token gradients that ride on `cross_entropy`, which costs a
 * forward pass more and is equal up to rounding.
 */
export type LossRoute = "grpo_kl" | "exact_gradients";

/**
 * What this engine can be trusted with. One that has no `grpo_kl` is asked first whether its cross entropy is a plain sum.
 * @throws EngineUnsupported where it is not: every gradient would silently be wrong.
 */
export async function lossRoute(
  engine: Engine,
  signal?: AbortSignal,
  probe: (engine: Engine, signal?: AbortSignal) => Promise<LossProbe> = probeLoss,
): Promise<LossRoute> {
  const { losses } = engine.capabilities;
  if (losses.includes("grpo_kl")) return "grpo_kl";
  const call = "forward_backward";
  if (!losses.includes("cross_entropy")) {
    throw new EngineUnsupported(
      `This engine can not train with GRPO: it has neither the loss grpo_kl nor cross_entropy (it has ${losses.join(", ") || "none"}).`,
      { call },
    );
  }
  const { plainSum, evidence } = await probe(engine, signal);
  if (plainSum) return "exact_gradients";
  throw new EngineUnsupported(
    `This engine has no grpo_kl loss, and its cross_entropy is not a plain sum over tokens and datums (${evidence}), so custom ` +
      "gradients would be wrong on it. Use the built-in engine (engine.url: null) or another server; `rzero engine check URL` tells more.",
    { call },
  );
}

export interface StepSpec {
  data: Datum[];
  loss: LearnRequest["loss"];
  adam: AdamParams;
}

/** One GRPO step from `seq` on. `calls`: how many sequence numbers it took. */
export async function submitGrpoStep(
  engine: Engine,
  route: LossRoute,
  model: string,
  seq: number,
  { data, loss, adam }: StepSpec,
  signal?: AbortSignal,
): Promise<SubmittedStep & { calls: number }> {
  if (route === "grpo_kl") {
    const { clipLow, clipHigh, dualClip, kl, temperature } = loss;
    const config = { clip_low: clipLow, clip_high: clipHigh, dual_clip: dualClip, kl_coef: kl, temperature };
    const step = await engine.submitStep(model, seq, { data, loss: { name: "grpo_kl", config }, adam }, signal);
    return { ...step, calls: 2 };
  }
  const plain = { name: "cross_entropy" as const, config: temperatureOf(engine, loss.temperature) };
  const { logprobs } = await engine.forward(model, seq, { data, loss: plain }, signal);
  const exact = grpoGradient(data, logprobs, loss);
  const step = await engine.submitStep(model, seq + 1, { data: exact.data, loss: plain, adam }, signal);
  const forward = step.forward.then((passed) => ({ ...passed, logprobs, metrics: exact.metrics }));
  forward.catch(() => undefined); // told to whoever awaits it
  return { forward, step: step.step, calls: 3 };
}

/** Only our engine divides logits by a temperature in training. */
function temperatureOf({ capabilities }: Engine, temperature: number): Record<string, number> {
  if (capabilities.engine === "rzero") return { temperature };
  if (temperature === 1) return {};
  throw new EngineUnsupported(
    `This engine trains at temperature 1 only, and the run samples at ${temperature}: set the role's sampling.temperature to 1.`,
    { call: "forward_backward" },
  );
}
