import { readRecord } from "../../engine/engineProcess.ts";
import { TelemetrySampler, type Watched } from "../../hostinfo/telemetry.ts";
import type { Result } from "../../protocol/rpc.ts";
import type { TelemetrySample } from "../../protocol/telemetry.ts";
import type { RotatingFile } from "../logs/rotatingFile.ts";
import { openHistory, readHistory } from "./history.ts";
import { pointOf } from "./thinning.ts";

const EVERY_MS = 5000;
const A_MINUTE = 60_000 / EVERY_MS;
/** Ten minutes of samples. */
const RECENT = 120;

/** Samples the host while a run is owned: the newest in memory, their means a minute in a file beside the journal. */
export class TelemetryRecorder {
  readonly #runDir: string;
  readonly #sampler: TelemetrySampler;
  readonly #file: RotatingFile;
  readonly #recent: TelemetrySample[] = [];
  readonly #timer: NodeJS.Timeout;
  #minute: TelemetrySample[] = [];
  #sampling: Promise<void> | null = null;

  constructor(runDir: string, sampler = new TelemetrySampler(runDir)) {
    this.#runDir = runDir;
    this.#sampler = sampler;
    this.#file = openHistory(runDir);
    this.#timer = setInterval(() => this.#tick(), EVERY_MS).unref();
    this.#tick();
  }

  /** The newest sample; null before the first. */
  get newest(): TelemetrySample | null {
    return this.#recent.at(-1) ?? null;
  }

  async answer(since: number | undefined): Promise<Result<"host/telemetry">> {
    await this.#sampling;
    return {
      now: this.#recent.at(-1) ?? null,
      recent: this.#recent.filter((sample) => sample.t >= (since ?? 0)),
      history: await readHistory(this.#runDir, since),
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sampling;
    this.#endMinute();
    this.#file.close();
  }

  #tick(): void {
    if (this.#sampling !== null) return; // a slow machine is sampled less often
    // Telemetry never harms the run: a sample that fails is one that is not there.
    this.#sampling = this.#sample()
      .catch(() => undefined)
      .finally(() => {
        this.#sampling = null;
      });
  }

  async #sample(): Promise<void> {
    const sample = await this.#sampler.sample(await watched(this.#runDir));
    this.#recent.push(sample);
    if (this.#recent.length > RECENT) this.#recent.shift();
    this.#minute.push(sample);
    if (this.#minute.length >= A_MINUTE) this.#endMinute();
  }

  #endMinute(): void {
    if (this.#minute.length > 0) this.#file.append(`${JSON.stringify(pointOf(this.#minute))}\n`);
    this.#minute = [];
  }
}

async function watched(runDir: string): Promise<Watched[]> {
  const engine = await readRecord(runDir);
  const agent: Watched = { role: "agent", pid: process.pid };
  return engine === null ? [agent] : [agent, { role: "engine", pid: engine.identity.pid }];
}
