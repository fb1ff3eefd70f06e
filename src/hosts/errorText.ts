import type { L10n } from "../l10n.ts";
import { AgentError } from "../link/agentError.ts";
import { worded } from "../ssh/sentence.ts";
import { TransportError } from "../ssh/transport.ts";

/** An error as the person reads it: in their language where the sentence is ours, else in the words of who said it. */
export function errorText(error: unknown, l10n: L10n): string {
  const ours = error instanceof TransportError || error instanceof AgentError ? error.sentence : null;
  if (ours !== null) return worded(ours, (sentence, parts) => l10n.t(sentence.pattern, ...parts));
  return error instanceof Error ? error.message : String(error);
}
