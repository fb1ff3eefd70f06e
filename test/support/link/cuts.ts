import { setTimeout as delay } from "node:timers/promises";
import { type Follower, follow } from "./follower.ts";
import type { LinkLab } from "./lab.ts";
import type { LiveRun } from "./liveRun.ts";

export interface CutResult {
  readonly cuts: number;
  readonly records: number;
  readonly lost: number;
  readonly repeated: number;
  readonly connections: number;
  readonly failures: readonly string[];
}

/** Half of the cuts come at any instant, handshakes included; the others while records are on their way. */
const ANY_MS = 1000;
const FLOWING_MS = 200;
const LIMIT_MS = 60_000;

/** Follows a live run while the wire is cut at random instants, to the last record. `random` in [0, 1). */
export async function followThroughCuts(
  lab: LinkLab,
  run: LiveRun,
  cuts: number,
  random: () => number,
  onCut: (done: number) => void = () => undefined,
): Promise<CutResult> {
  const follower: Follower = follow(lab, { run: run.id, impatient: true });
  try {
    run.rate(2000);
    await follower.reached(1, LIMIT_MS);
    let done = 0;
    while (done < cuts) {
      if (done % 2 === 0) await delay(ANY_MS * random());
      else {
        await follower.reached(run.last + 1, LIMIT_MS);
        await delay(FLOWING_MS * random());
      }
      if (lab.wire.cut() > 0) onCut(++done);
    }
    const records = await run.stop();
    await follower.reached(records, LIMIT_MS);
    const { lost, repeated, connections, failures } = follower;
    return { cuts: done, records, lost: lost + records - follower.applied, repeated, connections, failures };
  } finally {
    await follower.close();
  }
}
