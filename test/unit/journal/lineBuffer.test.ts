import fc from "fast-check";
import { expect, test } from "vitest";
import { LineBuffer } from "../../../remote-agent/src/run/journal/lineBuffer.ts";
import { decodeAt, recordJson, recordLine } from "../../../remote-agent/src/run/journal/record.ts";

const json = (text: string) => recordJson(`"type":"x","text":${JSON.stringify(text)}}`, 7, 2, 1_764_000_000_000);

test("lines in the buffer are those that are encoded one by one, whatever they hold, and can be read again", () => {
  const texts = fc.array(
    fc.oneof(
      fc.string(),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom("é".repeat(30), "日本".repeat(20), "x".repeat(2 ** 20)),
    ),
    { minLength: 1, maxLength: 8 },
  );
  const lines = new LineBuffer();
  const property = fc.property(texts, (all) => {
    lines.clear();
    for (const text of all) lines.add(json(text));
    expect(lines.bytes.toString("utf8")).toBe(all.map((text) => recordLine(json(text))).join(""));
    for (let at = 0, n = 0; at < lines.length; n++) {
      const decoded = decodeAt(lines.bytes, at);
      if ("problem" in decoded) throw new Error(decoded.problem);
      expect(decoded.record["text"]).toBe(all[n]);
      at = decoded.next;
    }
  });
  fc.assert(property, { numRuns: 60 });
});

test("a length that takes more digits in bytes than in characters is moved for", () => {
  for (const length of [1, 9, 10, 99, 100, 320, 333, 334, 999, 3333, 9999]) {
    const lines = new LineBuffer();
    lines.add(json("é".repeat(length)));
    expect(lines.bytes.toString("utf8")).toBe(recordLine(json("é".repeat(length))));
  }
});
