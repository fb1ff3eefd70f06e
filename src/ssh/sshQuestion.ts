import type { Answer } from "./askpass.ts";
import type { Deadline } from "./deadline.ts";
import type { HostKeyEvidence } from "./hostKey.ts";
import { HUMAN_MS, type Prompter } from "./prompter.ts";

/** What the system's ssh wants to know. */
export type HumanQuestion =
  | { readonly kind: "hostKey"; readonly evidence: HostKeyEvidence; readonly otherTypesKnown: boolean }
  | { readonly kind: "passphrase" | "password" | "challenge"; readonly prompt: string; readonly echo: boolean };

/** Reads a prompt of ssh's askpass. What is not understood is asked as it stands, hidden. */
export function questionOf(prompt: string): HumanQuestion {
  const authenticity = /The authenticity of host '([^']+)'/.exec(prompt);
  if (authenticity !== null) {
    const key = /(\S+) key fingerprint is (SHA256:\S+?)\.?(\s|$)/.exec(prompt);
    const name = authenticity[1]?.split(" ")[0] ?? "";
    return {
      kind: "hostKey",
      otherTypesKnown: /keys? of different type/.test(prompt),
      evidence: {
        name,
        keyType: key?.[1]?.toLowerCase() ?? "",
        fingerprint: key?.[2] ?? "",
        revokedBy: [],
        knownBy: [],
        contradictedBy: [],
        otherTypes: [],
      },
    };
  }
  const text = prompt.slice(0, 200).trim();
  if (/passphrase for/i.test(prompt)) return { kind: "passphrase", prompt: text, echo: false };
  if (/password:?\s*$/i.test(prompt)) return { kind: "password", prompt: text, echo: false };
  return { kind: "challenge", prompt: text, echo: false };
}

/** Hands the questions of an ssh on to the person. */
export function answersTo(alias: string, prompter: Prompter, deadline: Deadline): Answer {
  return (prompt) => {
    const question: HumanQuestion = questionOf(prompt);
    return deadline.human(HUMAN_MS, async (signal) => {
      if (question.kind === "hostKey") {
        const yes = await prompter.acceptHostKey(question.evidence, question.otherTypesKnown, signal);
        return yes ? "yes" : "no";
      }
      return prompter.secret(
        { host: alias, kind: question.kind, prompt: question.prompt, echo: question.echo },
        signal,
      );
    });
  };
}
