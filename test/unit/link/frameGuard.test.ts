import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guardFrames, MOST_MESSAGE_BYTES } from "../../../src/link/frameGuard.ts";

async function through(bytes: Buffer, cuts: readonly number[]): Promise<{ out: Buffer; broken: string | null }> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces = [...places, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : places[i - 1], end));
  let broken: string | null = null;
  const guarded = guardFrames(Readable.from(pieces.filter((piece) => piece.length > 0)), (what) => {
    broken = what;
  });
  const out: Buffer[] = [];
  for await (const chunk of guarded) out.push(chunk as Buffer);
  return { out: Buffer.concat(out), broken };
}

const frame = (body: string) => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe("frames", () => {
  it("pass unchanged, wherever the stream is cut into pieces", async () => {
    const bodies = fc.array(fc.string({ minLength: 1, unit: "binary", maxLength: 300 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(bodies, fc.array(fc.nat(), { maxLength: 40 }), async (texts, cuts) => {
        const bytes = Buffer.from(texts.map(frame).join(""), "utf8");
        const { out, broken } = await through(bytes, cuts);
        expect(out.equals(bytes)).toBe(true);
        expect(broken).toBeNull();
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ["no length", "X: 1\r\n\r\n{}"],
    ["a negative length", "Content-Length: -1\r\n\r\n{}"],
    ["a length that is none", "Content-Length: 1e3\r\n\r\n{}"],
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"],
    ["an empty message", "Content-Length: 0\r\n\r\n"],
    ["a message too long", `Content-Length: ${MOST_MESSAGE_BYTES + 1}\r\n\r\n`],
    ["a header without end", "x".repeat(5000)],
  ])("%s breaks them: nothing of it gets through, what came before does", async (_, bad) => {
    const good = Buffer.from(frame("{}"));
    const { out, broken } = await through(Buffer.concat([good, Buffer.from(bad)]), [3, 30, 31]);
    expect(broken).not.toBeNull();
    expect(out.equals(good)).toBe(true);
  });
});
