// Why an engine died before it was ready, in one sentence with the remedy, from the end of its log.

/** `tail` is what the engine wrote since it was started. */
export function explainStartupFailure(tail: string, exit: string): string {
  for (const [pattern, explain] of KNOWN) {
    const match = pattern.exec(tail);
    if (match) return explain(match[1] ?? "");
  }
  const lines = lastLines(tail, 8);
  return lines === ""
    ? `The engine ended at start-up (${exit}) and wrote nothing. Does the interpreter run at all?`
    : `The engine ended at start-up (${exit}). Its last lines:\n${lines}`;
}

const KNOWN: [RegExp, (found: string) => string][] = [
  [
    /No module named ['"]?rzero_engine/,
    () =>
      "The engine's own package was not found by Python: the agent's installation is incomplete. Install the agent again.",
  ],
  [
    /No module named ['"]?([\w.]+)/,
    (name) =>
      `The Python environment has no ${name}. Run "Set up the engine's environment" (rzero setup), or point to an environment that has it.`,
  ],
  [
    /(?:CUDA|torch)[^\n]*out of memory/i,
    () => "The GPU's memory was not enough to load the model. Free the GPU, choose another one, or a smaller model.",
  ],
  [
    /SyntaxError[^\n]*|requires-python|Python 3\.(?:[0-9]|10)\b/,
    () => "The engine needs Python 3.11 or newer. Point to such an interpreter (setting `python` of the host).",
  ],
];

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
