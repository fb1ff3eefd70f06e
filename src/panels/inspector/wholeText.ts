import type { Params, Result } from "../../../remote-agent/src/protocol/rpc.ts";

export type AskRecord = (params: Params<"runs/record">, signal: AbortSignal) => Promise<Result<"runs/record">>;

/** The whole text of a record, by stretches; at most `chars` of it. */
export async function wholeText(
  ask: AskRecord,
  of: { run: string; id: string },
  chars: number,
  signal: AbortSignal,
): Promise<{ text: string; isCut: boolean; problem: string | null }> {
  let text = "";
  for (;;) {
    const payload = await ask({ ...of, textFrom: text.length }, signal);
    const part = payload.text ?? "";
    text += part;
    if (payload.problem !== null || part === "" || text.length >= payload.textLength)
      return { text: text.slice(0, chars), isCut: text.length > chars, problem: payload.problem };
    if (text.length >= chars) return { text: text.slice(0, chars), isCut: true, problem: null };
  }
}
