import { type Sentence, say } from "../ssh/sentence.ts";
import { type ExecResult, TransportError } from "../ssh/transport.ts";

/** What a step of a deployment ended with, as a sentence; `what` says which step and on which host. */
export function failed(what: Sentence, { stderr, stdout }: ExecResult): TransportError {
  const said = stderr.trim().split("\n").slice(-2).join(" ").slice(0, 400);
  if (/no space left|quota exceeded/i.test(stderr)) {
    return new TransportError(
      "no_room",
      say`${what}: there is no room. Free some space, or choose another folder in the setting rzero.hosts.`,
      stderr,
    );
  }
  return new TransportError("failed", say`${what}: ${said}`, `${stdout}\n${stderr}`);
}
