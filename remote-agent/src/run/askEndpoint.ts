import OpenAI from "openai";
import type { AsideAnswer, AsideEndpoint } from "../protocol/reask.ts";

/** A server did not answer as a question was asked; the message holds no key. */
export class EndpointFailed extends Error {
  override readonly name = "EndpointFailed";
}

const REQUEST_MS = 5 * 60_000;
const IN_FLIGHT = 4;

/**
 * `m` answers of a server that speaks OpenAI's chat completions, each told as soon as it is there. `topK` is not of that dialect and
 * is not sent. @throws EndpointFailed; the signal's reason
 */
export async function askEndpoint(
  { url, model, key }: AsideEndpoint,
  messages: readonly { role: "system" | "user" | "assistant"; content: string }[],
  { m, temperature, topP, maxTokens }: { m: number; temperature: number; topP: number; maxTokens: number },
  give: (answer: Omit<AsideAnswer, "answer">) => AsideAnswer,
  signal: AbortSignal,
): Promise<AsideAnswer[]> {
  const openai = new OpenAI({
    apiKey: key || "none",
    baseURL: url,
    timeout: REQUEST_MS,
    maxRetries: 2,
    organization: null,
    project: null,
    logLevel: "off",
  });
  const answers: AsideAnswer[] = [];
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const worker = async () => {
    while (next < m) {
      const index = next++;
      const body = { model, messages: [...messages], temperature, top_p: topP, max_tokens: maxTokens };
      const answer = await openai.chat.completions.create(body, { signal: either });
      const choice = answer.choices?.[0];
      if (choice === undefined) throw new Error("its answer holds no choice");
      const stop = choice.finish_reason === "length" ? "length" : "stop";
      const tokens = answer.usage?.completion_tokens ?? null;
      answers.push(give({ index, text: choice.message?.content ?? "", stop, tokens }));
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, m) }, worker));
  } catch (error) {
    failed.abort();
    signal.throwIfAborted();
    const said = error instanceof Error ? error.message : String(error);
    const why = key ? said.replaceAll(key, "…") : said;
    throw new EndpointFailed(`${new URL(url).host} did not answer with ${model}: ${why.slice(0, 500)}`);
  }
  return answers.sort((a, b) => a.index - b.index);
}
