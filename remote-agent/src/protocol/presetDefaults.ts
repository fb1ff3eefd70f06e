import { type PresetName, type PresetNumbers, presetNames, presetNumbers, type RoleNumbers } from "./presets.ts";

/**
 * run.yaml as it was written, with the numbers of its preset where it says nothing. What is no configuration at all is
 * handed on as it is: the schema says what is wrong with it.
 */
export function withPresetDefaults(written: unknown): unknown {
  if (!isSettings(written)) return written;
  return filled(presetDefaults(presetNumbers[presetOf(written)]), written);
}

/** The preset a configuration names; `strict` when it names none, or one that does not exist. */
export function presetOf(written: unknown): PresetName {
  const named = isSettings(written) ? written["preset"] : undefined;
  return presetNames.find((name) => name === named) ?? "strict";
}

/** A preset's numbers under the names that they have in run.yaml. */
function presetDefaults({ challenger, solver, curriculum, samples, sampling, ...rest }: PresetNumbers): Settings {
  const { epsilon, gradientClip, ...optimizer } = rest.optimizer;
  const { klCoefficient, equalGroups, ...grpo } = rest.grpo;
  const maxTokens = sampling.maxNewTokens;
  const role = ({ slots, miniBatchSlots, microBatch, steps, rollouts }: RoleNumbers) => ({
    steps,
    rollouts,
    miniBatches: Math.ceil(slots / miniBatchSlots),
    microBatch,
    equalGroups,
    sampling: { ...sampling.rollout, maxTokens },
    optimizer: { ...optimizer, eps: epsilon, gradClip: gradientClip },
    grpo: { ...grpo, kl: klCoefficient },
  });
  return {
    iterations: rest.iterations,
    challenger: { ...role(challenger), slots: challenger.slots, answers: samples.reward },
    curriculum: { ...curriculum, answers: samples.label, sampling: { ...sampling.question, maxTokens } },
    solver: { ...role(solver), prompts: solver.slots, answerSampling: { ...sampling.answer, maxTokens } },
  };
}

type Settings = Record<string, unknown>;

function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function filled(defaults: Settings, written: Settings): Settings {
  const inner = (usual: unknown, own: unknown) => (isSettings(usual) && isSettings(own) ? filled(usual, own) : own);
  const named = Object.entries(defaults).map(([name, usual]) => {
    const own = written[name];
    return [name, own === undefined ? usual : inner(usual, own)];
  });
  return { ...written, ...Object.fromEntries(named) };
}
