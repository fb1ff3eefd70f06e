import type { Params, Result } from "../protocol/rpc.ts";
import type { Installation } from "../run/launch.ts";
import { type StartPorts, startRun } from "./startRun.ts";

/** The starts that one client asked for: a command that comes again while it is under way joins in. */
export class Starting {
  readonly #ports: Omit<StartPorts, "installation" | "signal" | "onProgress">;
  readonly #underWay = new Map<string, Promise<Result<"runs/start">>>();
  readonly #gone = new AbortController();

  constructor(ports: Omit<StartPorts, "installation" | "signal" | "onProgress">) {
    this.#ports = ports;
  }

  start(
    { text, command }: Params<"runs/start">,
    installation: Installation,
    onProgress: StartPorts["onProgress"],
    cancelled: AbortSignal,
  ): Promise<Result<"runs/start">> {
    const known = this.#underWay.get(command);
    if (known !== undefined) return known;
    const signal = AbortSignal.any([cancelled, this.#gone.signal]);
    const started = startRun({ text, command }, { ...this.#ports, installation, onProgress, signal }).finally(() =>
      this.#underWay.delete(command),
    );
    this.#underWay.set(command, started);
    return started;
  }

  /** The client has gone: what is still being prepared ends, what was started goes on by itself. */
  close(): void {
    this.#gone.abort();
  }
}
