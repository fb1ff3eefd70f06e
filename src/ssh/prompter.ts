import type { HostKeyEvidence } from "./hostKey.ts";

/** The person, as far as a connection needs one. Each question has a limit; null or false: it was not answered. */
export interface Prompter {
  /** A passphrase, password or one-time code. */
  secret(question: SecretQuestion, signal: AbortSignal): Promise<string | null>;
  /** Whether an unknown host key is that of the host meant. */
  acceptHostKey(evidence: HostKeyEvidence, otherTypesKnown: boolean, signal: AbortSignal): Promise<boolean>;
}

export interface SecretQuestion {
  readonly host: string;
  readonly kind: "passphrase" | "password" | "challenge";
  /** What the key file or the server asks for. Server text is hostile: it is shown as plain text, shortened. */
  readonly prompt: string;
  readonly echo: boolean;
}

/** How long a person may take, ms. */
export const HUMAN_MS = 300_000;
