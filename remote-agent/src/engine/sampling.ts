// Drawing completions, by whichever way the probe found: one batch of prompts, one request per prompt, or `asample`.

import { asampleSampler } from "./asample.ts";
import type { Caller, CallerOptions } from "./caller.ts";
import { checkSampleRequest } from "./checkRequest.ts";
import type { Sampler } from "./completion.ts";
import { completionsSampler } from "./completions.ts";
import type { Capabilities } from "./engine.ts";
import { inParallel } from "./inParallel.ts";

export function createSampler(
  caller: Caller,
  options: CallerOptions,
  capabilities: Capabilities,
  sessionId: string | null,
): Sampler {
  const draw = capabilities.completions
    ? completionsSampler(caller, options, capabilities)
    : asampleSampler(caller, capabilities, sessionId ?? "");
  const atOnce = capabilities.completions && capabilities.batchPrompts && capabilities.seeds;
  return async (request, signal) => {
    checkSampleRequest(request, capabilities);
    if (atOnce) return draw(request, signal);
    const single = request.prompts.map((prompt, i) => ({
      ...request,
      prompts: [prompt],
      seeds: [request.seeds[i] ?? []],
    }));
    return (await inParallel(single, (one, stop) => draw(one, stop), signal)).flat();
  };
}
