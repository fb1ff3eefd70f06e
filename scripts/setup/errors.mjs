/** A set-up step failed. `message` is one sentence for the user that says what to do; `tail` and `log` are the detail. */
export class SetupError extends Error {
  /** @param {string} message @param {{tail?: string[], log?: string}} [detail] */
  constructor(message, { tail = [], log } = {}) {
    super(message);
    this.name = "SetupError";
    this.tail = tail;
    this.log = log;
  }
}

/** What the user sees of an error: the tool's own last lines, the log's path, and last the one sentence that matters. */
export function describe(error) {
  if (!(error instanceof SetupError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = error.tail.map((line) => `  │ ${line}`);
  if (error.log) lines.push(`  └ full log: ${error.log}`);
  lines.push(`✗ ${error.message}`);
  return lines.join("\n");
}
