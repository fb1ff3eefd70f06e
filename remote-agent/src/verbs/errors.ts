/** The run cannot go on by itself: it pauses with a reason and what to try. Nothing is lost. */
export class RunPaused extends Error {
  override readonly name = "RunPaused";
  readonly remedy: string;
  constructor(reason: string, remedy: string) {
    super(reason);
    this.remedy = remedy;
  }
}

/** Two sibling calls without a key were in flight together: their order, and so their identity, would be chance. */
export class AmbiguousCall extends Error {
  override readonly name = "AmbiguousCall";
  constructor(parent: string, verb: string) {
    super(`Two unkeyed '${verb}' calls are in flight under '${parent}': give each a key derived from its data.`);
  }
}

/** The same key was used for two calls of one run. */
export class DuplicateCall extends Error {
  override readonly name = "DuplicateCall";
  constructor(key: string) {
    super(`The call '${key}' was made twice in one run: keys must differ.`);
  }
}

/** The recipe, its configuration or its inputs changed since the call was recorded. Never redone or reused silently. */
export class ReplayDiverged extends Error {
  override readonly name = "ReplayDiverged";
  readonly call: string;
  readonly field: string;
  readonly before: string | undefined;
  readonly now: string | undefined;
  constructor(call: string, field: string, before: string | undefined, now: string | undefined) {
    super(
      `Replay of '${call}' differs in '${field}': recorded ${before ?? "nothing"}, now ${now ?? "nothing"}. ` +
        "Resume with the agent and configuration the run was started with, or start a new run.",
    );
    this.call = call;
    this.field = field;
    this.before = before;
    this.now = now;
  }
}
