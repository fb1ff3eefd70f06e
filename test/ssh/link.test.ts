import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HostLink } from "../../src/link/hostLink.ts";
import { sshdMissing } from "../support/sshd.ts";
import { type SshHost, startSshHost } from "../support/sshHost.ts";
import { RunWriter, task } from "../support/writtenRun.ts";

const missing = sshdMissing();
const CALLS = 2000;
const CUTS = Number(process.env["RZERO_CUTS"] ?? 8);
let host: SshHost;
let total: number;

beforeAll(async () => {
  expect(missing).toBeNull();
  host = await startSshHost();
  const writer = await RunWriter.open(host.runDir);
  for (let call = 0; call < CALLS; call++) {
    await writer.call(
      `call:${call}`,
      "source",
      Array.from({ length: 20 }, (_, i) => task(`sort ${call}${i}${"7".repeat(200)}`)),
    );
  }
  total = writer.journal.durableSeq;
  await writer.close();
});

afterAll(() => host?.stop());

describe.skipIf(missing !== null)(`the link to a host${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it(`follows a run through ${CUTS} cuts: no record is lost, none comes twice`, async () => {
    const seen: number[] = [];
    const states: string[] = [];
    let wake: () => void = () => undefined;
    const link = new HostLink({
      attach: host.attach,
      now: Date.now,
      random: () => 0,
      onState: ({ kind }) => states.at(-1) !== kind && states.push(kind),
    });
    let cuts = 0;
    let sinceCut = 0;
    link.follow(
      {
        run: "a-run",
        types: undefined,
        onRecords: (records, seq) => {
          seen.push(...records.map((record) => record.seq));
          sinceCut += records.length;
          // Cut in the middle of what is under way: at a place that moves with every cut.
          const noticed = states.filter((kind) => kind === "waiting").length;
          if (cuts < CUTS && noticed === cuts && sinceCut > 100 + 97 * cuts) {
            cuts += 1;
            sinceCut = 0;
            host.cut();
          }
          if (seq === total) wake();
        },
        onEnded: () => undefined,
        onFailed: (error) => {
          throw error;
        },
      },
      0,
    );
    await new Promise<void>((resolve) => {
      wake = resolve;
      link.connect();
    });
    await link.close();
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(cuts).toBe(CUTS);
    expect(states.filter((kind) => kind === "waiting")).toHaveLength(CUTS);
    expect(link.state).toEqual({ kind: "idle" });
  }, 300_000);
});
