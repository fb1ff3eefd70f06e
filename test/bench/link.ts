/**
 * A run's records on their way from the journal of a host to the view of a client: the owner's socket, `rzero serve`, sshd, the
 * built-in SSH client, the link. Every byte goes through a proxy that holds it back as a wire would.
 *
 *   npm run bench -- link [--json] [CUTS]
 */
import { setTimeout as delay } from "node:timers/promises";
import { followThroughCuts } from "../support/link/cuts.ts";
import { follow } from "../support/link/follower.ts";
import { type LinkLab, openLinkLab } from "../support/link/lab.ts";
import { type LiveRun, liveRun } from "../support/link/liveRun.ts";
import { sshdMissing } from "../support/sshd.ts";

interface Row {
  bench: "link";
  case: string;
  [figure: string]: string | number | boolean;
}

const STORED = 100_000;
const RATE = 500;
const SECONDS = 10;
const LIMIT_MS = 120_000;
/** What a person notices between a record and its line, over the way the bytes take anyway. */
const NOTICED_MS = 100;

export async function run({ args, emit }: { args: string[]; emit: (row: Row) => void }): Promise<void> {
  const missing = sshdMissing();
  if (missing !== null) throw new Error(`This benchmark ${missing}.`);
  const lab = await openLinkLab(process.env["RZERO_PYTHON"] ?? "python3");
  try {
    for (const roundTripMs of [0, 100]) {
      lab.wire.delayMs = roundTripMs / 2;
      emit(await catchUp(lab, roundTripMs));
      emit(await live(lab, roundTripMs));
    }
    lab.wire.delayMs = 0;
    emit(await cuts(lab, Number(args[0] ?? 200)));
  } finally {
    await lab.close();
  }
}

/** A client that comes late: how fast what was missed arrives, from an owner that holds it on disk. */
async function catchUp(lab: LinkLab, roundTripMs: number): Promise<Row> {
  const run = await liveRun(lab.root, `stored-${roundTripMs}`, 50);
  run.rate(1e6);
  while (run.last < STORED) await delay(20);
  run.rate(0);
  let last = 0;
  while (last !== run.last) {
    last = run.last;
    await delay(500); // what was under way
  }
  const follower = follow(lab, { run: run.id });
  await follower.reached(1, LIMIT_MS);
  const [from, started] = [follower.applied, performance.now()];
  await follower.reached(last, LIMIT_MS);
  const seconds = (performance.now() - started) / 1000;
  const all = await run.stop(); // on a busy machine some were still under way
  await follower.reached(all, LIMIT_MS);
  await follower.close();
  return {
    bench: "link",
    case: `catching up, round trip ${roundTripMs} ms`,
    records: last,
    records_per_s: (last - from) / seconds,
    lost: follower.lost + all - follower.applied,
    repeated: follower.repeated,
    holds: follower.applied === all && follower.repeated === 0,
  };
}

/** From the moment a record is durable to that in which a view shows it. */
async function live(lab: LinkLab, roundTripMs: number): Promise<Row> {
  const run: LiveRun = await liveRun(lab.root, `live-${roundTripMs}`);
  const applied = new Map<number, bigint>();
  const follower = follow(lab, { run: run.id, onApplied: (seq, at) => applied.set(seq, at) });
  run.rate(RATE);
  await follower.reached(RATE, LIMIT_MS);
  const from = run.last;
  await delay(SECONDS * 1000);
  const last = await run.stop();
  await follower.reached(last, LIMIT_MS);
  await follower.close();
  const ms: number[] = [];
  for (let seq = from + 1; seq <= last; seq++) {
    const [durable, seen] = [run.durableAt(seq), applied.get(seq)];
    if (durable !== undefined && seen !== undefined) ms.push(Number(seen - durable) / 1e6);
  }
  ms.sort((a, b) => a - b);
  const at = (share: number) => ms[Math.min(ms.length - 1, Math.floor(share * ms.length))] ?? Number.NaN;
  const budget = roundTripMs / 2 + NOTICED_MS;
  return {
    bench: "link",
    case: `live, ${RATE} records a second, round trip ${roundTripMs} ms`,
    records: ms.length,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
    most_ms: ms.at(-1) ?? Number.NaN,
    budget_ms: budget,
    lost: follower.lost + last - follower.applied,
    repeated: follower.repeated,
    within_budget: at(0.99) <= budget,
    holds: follower.applied === last && follower.repeated === 0,
  };
}

async function cuts(lab: LinkLab, count: number): Promise<Row> {
  const run = await liveRun(lab.root, "cut");
  const started = performance.now();
  const result = await followThroughCuts(lab, run, count, Math.random);
  return {
    bench: "link",
    case: `${result.cuts} cuts at random instants`,
    cuts: result.cuts,
    connections: result.connections,
    records: result.records,
    lost: result.lost,
    repeated: result.repeated,
    seconds: (performance.now() - started) / 1000,
    holds: result.lost === 0 && result.repeated === 0,
  };
}
