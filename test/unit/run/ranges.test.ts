import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RangeBuilder, SendWindow } from "../../../remote-agent/src/run/ranges.ts";

const type = fc.constantFrom("metric", "task", "trajectory");

describe("ranges of records", () => {
  it("cover every sequence number once, in order, and hold what was asked for", () => {
    fc.assert(
      fc.property(
        fc.array(type, { maxLength: 3000 }),
        fc.constantFrom<string[] | undefined>(undefined, ["metric"], ["nothing"]),
        (all, asked) => {
          const ranges: RangeBuilder[] = [];
          let range = new RangeBuilder(0, asked);
          all.forEach((kind, i) => {
            if (!range.take({ seq: i + 1, type: kind })) return;
            ranges.push(range);
            range = new RangeBuilder(range.to, asked);
          });
          ranges.push(range);
          expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to)]);
          expect(range.to).toBe(all.length);
          const seen = ranges.flatMap(({ records }) => records.map(({ seq }) => seq));
          expect(seen).toEqual(all.flatMap((kind, i) => (asked === undefined || asked.includes(kind) ? [i + 1] : [])));
          for (const { records } of ranges) expect(records.length).toBeLessThanOrEqual(500);
        },
      ),
    );
  });

  it("tell of progress though nothing in them was asked for", () => {
    const range = new RangeBuilder(7, ["metric"]);
    let seq = 7;
    while (!range.take({ seq: ++seq, type: "task" })) expect(seq).toBeLessThan(100_000);
    expect(range.to - range.from).toBe(RangeBuilder.longest);
    expect(range.records).toEqual([]);
  });
});

describe("what is under way", () => {
  it("is bounded by records, not by how many small ranges they come in", () => {
    const window = new SendWindow();
    for (let to = 1; to <= 100; to++) window.sent(to, 1);
    expect(window.open).toBe(true);
    window.sent(5000, 4000);
    expect(window.open).toBe(false);
    window.ack(4999);
    expect(window.open).toBe(false);
    window.ack(5000);
    expect(window.open).toBe(true);
  });

  it("has an end also when nothing of it was asked for", () => {
    const window = new SendWindow();
    let sent = 0;
    while (window.open && sent < 10_000) window.sent(++sent, 0);
    expect(sent).toBeLessThan(1000);
  });
});

describe("however large its records are", () => {
  const bytesOf = (records: unknown) => Buffer.byteLength(JSON.stringify({ records }));
  const MOST_BYTES = 8 * 2 ** 20; // a client lets go of a host that sends more

  it.each([
    ["a text of ten million controls", { note: "\0".repeat(10_000_000) }],
    ["a million texts", { list: Array.from({ length: 1_000_000 }, (_, i) => `text ${i}`) }],
    ["many names", Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`name ${i}`, i]))],
    [
      "lists within lists",
      { list: Array.from({ length: 3000 }, () => Array.from({ length: 300 }, () => "x".repeat(50))) },
    ],
  ])("sends what clients take: %s", (_, content) => {
    const range = new RangeBuilder(0, undefined);
    const record = { seq: 1, type: "decision", ...content };
    while (!range.take(record)) expect(range.records.length).toBeLessThan(500);
    expect(range.records[0]).toMatchObject({ seq: 1, type: "decision", clipped: true });
    expect(bytesOf(range.records)).toBeLessThan(MOST_BYTES);
  });

  it("sends many that are whole in several, each whole", () => {
    const range = new RangeBuilder(0, undefined);
    const question = "\u0001".repeat(100_000);
    for (let seq = 1; !range.take({ seq, type: "decision", question }); seq++);
    expect(range.to).toBeLessThan(20);
    expect(range.records.every((record) => record["question"] === question)).toBe(true);
    expect(bytesOf(range.records)).toBeLessThan(MOST_BYTES);
  });
});
