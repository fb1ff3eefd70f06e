import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { runConfig } from "../../../remote-agent/src/protocol/config.ts";
import { createRunDirectory } from "../../../remote-agent/src/run/runDir.ts";

/** A run with an owner that writes records at a rate, and when each became durable. */
export interface LiveRun {
  readonly id: string;
  /** Records a second from now on. */
  rate(records: number): void;
  /** The newest record that is durable. */
  readonly last: number;
  /** When a record became durable: nanoseconds by `process.hrtime`. */
  durableAt(seq: number): bigint | undefined;
  /** Writes no more, sends what is durable, ends. @returns the last record */
  stop(): Promise<number>;
}

export async function liveRun(home: string, id = "a-run", group = 5): Promise<LiveRun> {
  await mkdir(home, { recursive: true });
  const config = runConfig.parse({ domain: "sort", model: "demo" });
  const identity = { agent: "source", engine: "none", model: "none" };
  const run = { id, createdAt: new Date(0).toISOString(), config, modelDir: "/", identity };
  const runDir = await createRunDirectory(home, run);
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", path.join(import.meta.dirname, "liveRunChild.ts"), runDir, String(group)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const times: bigint[] = [];
  let last = 0;
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") return ready.resolve();
    const [from, to, at] = line.split(" ");
    for (let seq = Number(from); seq <= Number(to); seq++) times[seq] = BigInt(at ?? 0);
    last = Number(to);
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  // Who asks for the records of a run without an owner gets those on disk, and an end.
  await Promise.race([ready.promise, ended]);
  return {
    id,
    rate: (records) => child.stdin.write(`rate ${records}\n`),
    get last() {
      return last;
    },
    durableAt: (seq) => times[seq],
    async stop() {
      child.stdin.end("stop\n");
      const code = await ended;
      if (code !== 0) throw new Error(`The run's owner ended with exit code ${code}.`);
      return last;
    },
  };
}
