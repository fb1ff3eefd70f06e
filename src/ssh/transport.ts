import type { Duplex } from "node:stream";
import { english, type Sentence } from "./sentence.ts";

/** A way to a host. Every wait has a limit and can be cancelled; every error is a TransportError. */
export interface Transport {
  /** For messages: the alias, or “this machine”. */
  readonly host: string;
  /** `local`, `built-in` or `system`. */
  readonly via: "local" | "built-in" | "system";
  /** Runs a POSIX shell script and answers when it has ended, whatever its exit code. */
  exec(script: string, options: ExecOptions): Promise<ExecResult>;
  /** Runs a POSIX shell script whose stdin and stdout are the stream, for as long as both sides like. */
  open(script: string, options?: { signal?: AbortSignal }): Promise<ByteStream>;
  /** Writes a file: to a temporary name beside it, checked by SHA-256 on the host, then renamed. */
  putFile(content: Uint8Array | AsyncIterable<Uint8Array>, path: string, options: PutOptions): Promise<void>;
  /** Resolves when the way is gone, with the reason; null when it was closed by us. */
  readonly closed: Promise<TransportError | null>;
  close(): Promise<void>;
}

export interface ExecOptions {
  /** Milliseconds until the command counts as hung. */
  readonly timeoutMs: number;
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Bytes of each stream that are kept, 1 MiB by default; more ends the command. */
  readonly maxOutput?: number;
}

export interface ExecResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PutOptions {
  readonly mode: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

export interface ByteStream {
  readonly stream: Duplex;
  /** What the command wrote to stderr so far, its last 64 KiB. */
  stderr(): string;
  /** How it ended. */
  readonly ended: Promise<{ code: number | null }>;
  close(): void;
}

export type TransportReason =
  | "cancelled"
  | "timeout"
  | "unreachable"
  | "host_key"
  | "authentication"
  | "negotiation"
  | "lost"
  | "output_limit"
  | "no_shell"
  | "no_room"
  | "denied"
  | "failed";

/** What went wrong on the way to a host: the message is a sentence for the user, in English; `detail` is for the log. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly reason: TransportReason;
  readonly detail: string | null;
  /** The message as it can be said in the person's language; null where it is somebody else's words. */
  readonly sentence: Sentence | null;

  constructor(reason: TransportReason, said: Sentence | string, detail: string | null = null) {
    super(typeof said === "string" ? said : english(said));
    this.sentence = typeof said === "string" ? null : said;
    this.reason = reason;
    this.detail = detail;
  }
}
