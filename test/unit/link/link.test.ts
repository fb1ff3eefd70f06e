import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyRange, type Followed } from "../../../src/link/follow.ts";
import { type LinkEvent, type LinkState, nextLink, waitMs } from "../../../src/link/linkState.ts";

const range = (from: number, to: number, seqs: number[]) => ({
  subscription: "s",
  from,
  to,
  records: seqs.map((seq) => ({ seq, type: "task" })),
  ended: false,
});

describe("an exactly-once view of an at-least-once delivery", () => {
  it("repeats are left out, overlaps are cut, gaps are seen", () => {
    expect(applyRange({ seq: 5 }, range(3, 5, [4, 5]))).toEqual({ kind: "repeat", next: { seq: 5 } });
    expect(applyRange({ seq: 5 }, range(3, 7, [4, 5, 6, 7]))).toMatchObject({
      records: [{ seq: 6 }, { seq: 7 }],
      next: { seq: 7 },
    });
    expect(applyRange({ seq: 5 }, range(6, 7, [7]))).toEqual({ kind: "gap", since: 5 });
    expect(applyRange({ seq: 5 }, range(5, 9, [])).kind).toBe("applied");
  });

  it("a range that lies about itself moves nothing", () => {
    expect(applyRange({ seq: 5 }, range(5, 7, [9])).kind).toBe("gap");
    expect(applyRange({ seq: 5 }, range(5, 7, [7, 6])).kind).toBe("gap");
  });

  it("whatever is lost, repeated or out of order, each record arrives once and in order", () => {
    const chance = fc.record({
      size: fc.integer({ min: 1, max: 5 }),
      fate: fc.constantFrom("arrives", "arrives", "lost", "twice", "restart"),
    });
    const property = fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.array(chance, { minLength: 1, maxLength: 80 }),
      (total, chances) => {
        const seen: number[] = [];
        let at: Followed = { seq: 0 };
        let sent = 0;
        const receive = (from: number, to: number) => {
          const applied = applyRange(
            at,
            range(
              from,
              to,
              Array.from({ length: to - from }, (_, i) => from + 1 + i),
            ),
          );
          if (applied.kind === "gap") sent = applied.since;
          else {
            at = applied.next;
            if (applied.kind === "applied") seen.push(...applied.records.map(({ seq }) => seq));
          }
        };
        for (const { size, fate } of chances) {
          if (fate === "restart") {
            sent = at.seq;
            continue;
          }
          const [from, to] = [sent, Math.min(total, sent + size)];
          if (to === from) continue;
          sent = to;
          if (fate !== "lost") receive(from, to);
          if (fate === "twice") receive(from, to);
        }
        expect(seen).toEqual(Array.from({ length: at.seq }, (_, i) => i + 1));
      },
    );
    fc.assert(property);
  });
});

describe("the life of a link", () => {
  const run = (events: LinkEvent[], from: LinkState = { kind: "idle" }) => events.reduce(nextLink, from);
  const down = (reason: "lost" | "authentication" | "unreachable" | "host_key"): LinkEvent => ({
    kind: "down",
    now: 100,
    reason,
    why: "because",
    jitter: 0.5,
  });

  it("wanted, up, cut, waits, tries again", () => {
    expect(run([{ kind: "wanted" }, { kind: "up", now: 7 }])).toEqual({ kind: "connected", since: 7, lastHeard: 7 });
    const waiting = run([{ kind: "wanted" }, { kind: "up", now: 7 }, down("lost")]);
    expect(waiting).toMatchObject({ kind: "waiting", attempt: 1, why: "because" });
    expect(run([{ kind: "due" }], waiting)).toMatchObject({ kind: "connecting", attempt: 2 });
  });

  it("a failure that only a person can end is not tried again until one says so", () => {
    for (const reason of ["authentication", "host_key"] as const) {
      const stopped = run([{ kind: "wanted" }, down(reason)]);
      expect(stopped).toEqual({ kind: "stopped", why: "because" });
      expect(run([{ kind: "due" }], stopped)).toBe(stopped);
      expect(run([{ kind: "wanted" }], stopped).kind).toBe("connecting");
    }
  });

  it("waits grow from about 1 s to 30 s and no further, each spread by half", () => {
    expect([1, 2, 3, 4, 5, 6, 50].map((attempt) => waitMs(attempt, 1))).toEqual([
      1000, 2000, 4000, 8000, 16000, 30000, 30000,
    ]);
    expect(waitMs(1, 0)).toBe(500);
  });

  it("an event that does not fit changes nothing", () => {
    const idle: LinkState = { kind: "idle" };
    for (const event of [
      { kind: "up", now: 1 },
      { kind: "heard", now: 1 },
      down("lost"),
      { kind: "due" },
    ] as LinkEvent[])
      expect(nextLink(idle, event)).toBe(idle);
  });

  it("whatever happens, it ends idle once it is not wanted any more", () => {
    const event = fc.oneof(
      fc.constantFrom<LinkEvent>(
        { kind: "wanted" },
        { kind: "due" },
        { kind: "up", now: 1 },
        { kind: "heard", now: 2 },
        { kind: "step", step: "s" },
      ),
      fc
        .constantFrom("lost", "unreachable", "timeout", "authentication")
        .map((reason) => ({ kind: "down", now: 1, reason, why: "", jitter: 0 }) as LinkEvent),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        expect(run([...events, { kind: "unwanted" }])).toEqual({ kind: "idle" });
      }),
    );
  });
});
