// What can go wrong between agent and engine. `message` is for the user: what happened, where, what to do next;
// `call` and `detail` are for the log. A call that was cancelled is no error: it rejects with the signal's reason.

interface Where {
  /** The wire call, e.g. "forward_backward". */
  call: string;
  detail?: string;
}

export class EngineError extends Error {
  readonly call: string;
  readonly detail: string | null;

  constructor(message: string, where: Where, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.call = where.call;
    this.detail = where.detail ?? null;
  }
}

/** The request would have been refused or would have poisoned the engine; nothing was sent. */
export class InvalidRequest extends EngineError {}

/** The server lacks what the call needs (a loss, an extension of ours). */
export class EngineUnsupported extends EngineError {}

/** 402: the service stopped serving us and says why. Carrying on later with the same call is safe. */
export class EnginePaused extends EngineError {}

/** The engine looked at the request and said no, or the job failed: sending it again would not help. */
export class EngineRefused extends EngineError {
  readonly status: number;
  /** The request's field the engine complains about. */
  readonly param: string | null;
  /** "server": the job failed inside the engine although the request was good (out of memory …). */
  readonly category: "user" | "server";

  constructor(
    message: string,
    where: Where & { status: number; param?: string | null; category?: "user" | "server" },
    options?: ErrorOptions,
  ) {
    super(message, where, options);
    this.status = where.status;
    this.param = where.param ?? null;
    this.category = where.category ?? "user";
  }
}

/** There was no room for a save. The call counts as applied; another one may succeed once there is room. */
export class EngineDiskFull extends EngineRefused {}

/** No result within the call's total limit, although the engine was there. */
export class EngineUnresponsive extends EngineError {}

/** The engine answered with server errors for longer than the retry budget. */
export class EngineFailed extends EngineError {}

/** Nobody listens at the engine's address any more. */
export class EngineGone extends EngineError {}

/** 409: the sequence number was used with another body, is not the next one, or the saved state exists already. */
export class EngineConflict extends EngineError {
  /** The sequence number the engine would accept; null when it did not say. */
  readonly expected: number | null;

  constructor(message: string, where: Where & { expected: number | null }, options?: ErrorOptions) {
    super(message, where, options);
    this.expected = where.expected;
  }
}

/** 412: a newer owner of the run has spoken to this engine; we must stop writing. */
export class EngineFenced extends EngineError {}

/** The answer cannot be true: not finite, of the wrong length, outside the vocabulary, or not of the wire's shape. */
export class EngineNonsense extends EngineError {}
