// The one place where it is decided what a server can do.

import { modelList, type ServerCapabilities, serverCapabilities } from "../protocol/wire.ts";
import type { Caller } from "./caller.ts";
import type { Capabilities, LossName } from "./engine.ts";
import { EngineRefused, EngineUnsupported } from "./errors.ts";

const LOSSES: readonly LossName[] = ["cross_entropy", "importance_sampling", "ppo", "grpo_kl"];
const TINKER_LOSSES: LossName[] = ["cross_entropy", "importance_sampling", "ppo"];

/** @throws EngineUnsupported when neither dialect is spoken; connection errors as every call. */
export async function probeCapabilities(caller: Caller, url: string): Promise<Capabilities> {
  const training = await unlessMissing(
    caller.ask({ call: "get_server_capabilities", method: "GET" }, serverCapabilities),
  );
  if (training?.x?.engine === "rzero") return ofServer(training, true);
  const models = await unlessMissing(caller.ask({ call: "list models", path: "/v1/models", method: "GET" }, modelList));
  if (training) return ofServer(training, models !== null);
  if (models === null) {
    throw new EngineUnsupported(
      `The server at ${url} speaks neither the training dialect (/api/v1) nor OpenAI completions (/v1). Is the address right?`,
      { call: "get_server_capabilities" },
    );
  }
  return {
    ...ofServer({ supported_models: [] }, true),
    models: models.data.map((model) => model.id),
    contextLength: models.data[0]?.max_model_len ?? null,
    losses: [],
    lora: false,
  };
}

function ofServer({ supported_models, x }: ServerCapabilities, completions: boolean): Capabilities {
  const eos = x?.eos_token_id;
  return {
    engine: x?.engine ?? null,
    version: x?.version ?? null,
    instance: x?.instance ?? null,
    device: x?.device ?? null,
    dtype: x?.dtype ?? null,
    models: supported_models.flatMap((model) => model.model_name ?? []),
    contextLength: supported_models[0]?.max_context_length ?? null,
    losses: x?.losses ? LOSSES.filter((name) => x.losses?.includes(name)) : TINKER_LOSSES,
    lora: x?.lora ?? true,
    full: x?.full ?? false,
    reference: x?.reference ?? false,
    tokenStats: x?.token_stats ?? false,
    compact: x?.compact ?? false,
    batchPrompts: x?.batch_prompts ?? false,
    seeds: x?.seeds ?? false,
    completions,
    vocabSize: x?.vocab_size ?? null,
    padTokenId: x?.pad_token_id ?? null,
    eosTokenId: (Array.isArray(eos) ? eos[0] : eos) ?? null,
    deterministic: x?.deterministic ?? false,
  };
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineRefused && (error.status === 404 || error.status === 405)) return null;
    throw error;
  }
}
