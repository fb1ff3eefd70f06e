import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem, loadavg, totalmem } from "node:os";
import { promisify } from "node:util";
import type { ProcessSample, TelemetrySample } from "../protocol/telemetry.ts";
import { cgroupLimits, type ReadText } from "./cgroup.ts";
import { type Exec, Gpus } from "./gpus.ts";
import { type CpuTimes, parseCpuTimes, parseMeminfo, parseProcessStat } from "./procfs.ts";
import { withoutSecrets } from "./secrets.ts";

/** What the sampler asks of the machine; tests hand in a machine of their own. */
export interface Machine {
  /** Milliseconds since the epoch, and milliseconds that never go back. */
  now(): number;
  elapsed(): number;
  read: ReadText;
  exec: Exec;
  /** Bytes of the file system that holds a path. */
  disk(path: string): Promise<{ total: number; free: number }>;
  /** What Node tells on every platform. */
  node(): { cores: number; times: CpuTimes; memory: { total: number; free: number }; load: number[] };
}

/** A process to watch, by its role. */
export interface Watched {
  role: ProcessSample["role"];
  pid: number;
}

/** Kernel clock ticks a second, and bytes of a page, on every Linux that Node runs on with 4 KiB pages. */
const TICKS = 100;
const PAGE_BYTES = 4096;
const DISK_LIMIT_MS = 2000;

/** Samples what a host and some processes use. Rates are over the time since the sample before, by the same sampler. */
export class TelemetrySampler {
  readonly #machine: Machine;
  readonly #gpus: Gpus;
  readonly #directory: string;
  #cpu: CpuTimes | null = null;
  #ticks = new Map<number, number>();
  #at: number | null = null;
  #disk: Promise<TelemetrySample["disk"]> | null = null;

  /** `directory`: whose disk is watched. */
  constructor(directory: string, machine: Machine = thisMachine()) {
    this.#directory = directory;
    this.#machine = machine;
    this.#gpus = new Gpus(machine.exec);
  }

  async sample(watched: readonly Watched[]): Promise<TelemetrySample> {
    const { read } = this.#machine;
    const node = this.#machine.node();
    const elapsed = this.#machine.elapsed();
    const seconds = this.#at === null ? null : (elapsed - this.#at) / 1000;
    this.#at = elapsed;
    const limits = cgroupLimits(read);
    const times = parseCpuTimes(read("/proc/stat") ?? "") ?? node.times;
    const before = this.#cpu;
    this.#cpu = times;
    const [disk, gpus] = [this.#diskInTime(), this.#gpus.sample(elapsed)];
    const processes = this.#processes(watched, seconds);
    return {
      t: this.#machine.now(),
      cpu: {
        cores: Math.min(node.cores, limits.cores ?? node.cores),
        busy: before === null ? null : busyCores(before, times, node.cores),
        load: node.load,
      },
      memory: memoryOf(parseMeminfo(read("/proc/meminfo") ?? ""), node.memory, limits.memory),
      disk: await disk,
      ...withGpus(await gpus),
      processes,
    };
  }

  #processes(watched: readonly Watched[], seconds: number | null): ProcessSample[] {
    const ticks = new Map<number, number>();
    const samples = watched.flatMap(({ role, pid }) => {
      const stat = parseProcessStat(this.#machine.read(`/proc/${pid}/stat`) ?? "");
      if (stat === null) return []; // gone, or a system without /proc
      ticks.set(pid, stat.ticks);
      const before = this.#ticks.get(pid);
      const cores =
        before === undefined || seconds === null || seconds <= 0 ? null : (stat.ticks - before) / TICKS / seconds;
      return [{ role, pid, cores: cores === null ? null : rounded(cores), memory: stat.pages * PAGE_BYTES }];
    });
    this.#ticks = ticks;
    return samples;
  }

  /** A network disk that hangs must not hold the sample; it is asked again when it has answered. */
  async #diskInTime(): Promise<TelemetrySample["disk"]> {
    this.#disk ??= this.#machine
      .disk(this.#directory)
      .catch(() => null)
      .finally(() => {
        this.#disk = null;
      });
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), DISK_LIMIT_MS);
    });
    try {
      return await Promise.race([this.#disk, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The machine this process runs on. */
export function thisMachine(): Machine {
  return {
    now: Date.now,
    elapsed: () => performance.now(),
    read(path) {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return null;
      }
    },
    async exec(program, args, limitMs) {
      const options = {
        timeout: limitMs,
        killSignal: "SIGKILL",
        maxBuffer: 2 ** 20,
        env: withoutSecrets(process.env),
      } as const;
      return (await promisify(execFile)(program, args, options)).stdout;
    },
    async disk(path) {
      const { bsize, blocks, bavail } = await statfs(path);
      return { total: bsize * blocks, free: bsize * bavail };
    },
    node() {
      const times = cpus().map((cpu) => cpu.times);
      const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
      const total = busy + times.reduce((sum, { idle }) => sum + idle, 0);
      const memory = { total: totalmem(), free: freemem() };
      return { cores: availableParallelism(), times: { busy, total }, memory, load: loadavg() };
    },
  };
}

function busyCores(before: CpuTimes, now: CpuTimes, cores: number): number | null {
  const total = now.total - before.total;
  return total <= 0 ? null : rounded(((now.busy - before.busy) / total) * cores);
}

function memoryOf(
  host: { total: number; available: number } | null,
  node: { total: number; free: number },
  cgroup: { limit: number; used: number } | null,
): TelemetrySample["memory"] {
  const total = host?.total ?? node.total;
  if (cgroup !== null && cgroup.limit < total) return { total: cgroup.limit, used: cgroup.used, limited: true };
  return { total, used: total - (host?.available ?? node.free), limited: false };
}

function withGpus(gpus: TelemetrySample["gpus"]): Pick<TelemetrySample, "gpus"> {
  return gpus === undefined ? {} : { gpus };
}

function rounded(value: number): number {
  return Math.max(0, Math.round(value * 1000) / 1000);
}
