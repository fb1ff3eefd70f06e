import type { QuestionView } from "../../../remote-agent/src/protocol/questionRows.ts";
import type { CopiedQuestion } from "./copies.ts";
import { type AskRecord, wholeText } from "./wholeText.ts";

/** Longer texts are cut in a copy, too: nobody pastes more. */
const CHARS = 1_000_000;

/** Fetches the texts of which the view has only the beginning. */
export async function copiedQuestion(
  view: QuestionView,
  ask: AskRecord,
  run: string,
  signal: AbortSignal,
): Promise<CopiedQuestion> {
  const texts = new Map<string, string>();
  const cut = view.groups.flatMap(({ classes }) =>
    classes.flatMap(({ answers }) => answers.filter(({ clipped }) => clipped)),
  );
  for (const { id } of cut) {
    const { text, isCut } = await wholeText(ask, { run, id }, CHARS, signal);
    texts.set(id, isCut ? `${text}…` : text);
  }
  return { view, texts };
}
