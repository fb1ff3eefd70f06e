import fc from "fast-check";
import { expect, test } from "vitest";
import type { PackEntry, ReadEntry } from "../../../remote-agent/src/run/journal/packEntry.ts";
import { PackReader } from "../../../remote-agent/src/run/journal/packReader.ts";
import { type PackRef, PackWriter } from "../../../remote-agent/src/run/journal/packs.ts";
import { trimPack } from "../../../remote-agent/src/run/journal/trimmedPack.ts";
import { MemoryFs } from "./memoryFs.ts";
import { RUN } from "./support.ts";

const DIR = `${RUN}/packs`;
const PACK = "abc-0.pack";

const entry = fc.record(
  {
    ids: fc.array(fc.nat(2 ** 32 - 1)),
    logprobs: fc.array(fc.float({ noNaN: true })),
    text: fc.string({ unit: "binary", maxLength: 600 }),
    json: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const entries = fc.array(fc.record({ entry, keep: fc.boolean() }), { minLength: 1, maxLength: 8 });

async function packOf(added: PackEntry[]): Promise<{ fs: MemoryFs; refs: PackRef[] }> {
  const fs = new MemoryFs();
  const writer = new PackWriter({ runDir: RUN, callHash: "abc", part: 0, fs });
  const refs = added.map((item) => writer.add(item));
  await writer.sync();
  await writer.close();
  return { fs, refs };
}

async function allOf(fs: MemoryFs, refs: PackRef[]): Promise<ReadEntry[]> {
  const reader = new PackReader(RUN, { fs });
  const read: ReadEntry[] = [];
  for (const ref of refs) read.push(await reader.read(ref));
  await reader.close();
  return read;
}

test("a trimmed pack is read by the old places: kept entries whole, of the others text and JSON and what was removed", async () => {
  await fc.assert(
    fc.asyncProperty(entries, fc.boolean(), async (given, again) => {
      const { fs, refs } = await packOf(given.map((item) => item.entry));
      const before = await allOf(fs, refs);
      const trims = refs.map((ref, i) => ({ ...ref, keep: given[i]?.keep === true }));
      await trimPack(DIR, PACK, trims, fs);
      if (again) await trimPack(DIR, PACK, trims, fs);
      const after = await allOf(fs, refs);
      for (const [i, read] of after.entries()) {
        const whole = before[i] ?? {};
        if (given[i]?.keep === true) {
          expect(read).toEqual(whole);
          continue;
        }
        const removed = (["ids", "logprobs"] as const).filter((part) => whole[part] !== undefined);
        const { ids: _ids, logprobs: _logprobs, ...rest } = whole;
        expect(read).toEqual({ ...rest, ...(removed.length > 0 && { removed }) });
      }
    }),
    { numRuns: 100 },
  );
});

test("what was kept can be trimmed later, and then the pack is smaller again", async () => {
  const { fs, refs } = await packOf([
    { ids: Array(500).fill(7), text: "a" },
    { ids: Array(500).fill(8), text: "b" },
  ]);
  const first = await trimPack(
    DIR,
    PACK,
    refs.map((ref, i) => ({ ...ref, keep: i === 0 })),
    fs,
  );
  const second = await trimPack(
    DIR,
    PACK,
    refs.map((ref) => ({ ...ref, keep: false })),
    fs,
  );
  expect(first).toBeGreaterThan(1500);
  expect(second).toBeGreaterThan(1500);
  expect((await allOf(fs, refs)).map((read) => read.text)).toEqual(["a", "b"]);
});

test("after a crash at any operation a reader finds the old pack or the new one, whole", async () => {
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.integer({ min: 0, max: 30 }),
      fc.array(fc.nat(), { minLength: 1 }),
      async (given, at, survivors) => {
        const { fs, refs } = await packOf(given.map((item) => item.entry));
        await fs.syncDir(DIR);
        const before = await allOf(fs, refs);
        let count = 0;
        let after: MemoryFs | undefined;
        let draw = 0;
        let powerCut: (() => void) | undefined;
        const dark = new Promise<void>((resolve) => {
          powerCut = resolve;
        });
        fs.intercept = () => {
          count += 1;
          if (count > at && after === undefined) {
            after = fs.crash((n) => (survivors[draw++ % survivors.length] ?? 0) % (n + 1));
            powerCut?.();
          }
          return undefined;
        };
        const trims = refs.map((ref, i) => ({ ...ref, keep: given[i]?.keep === true }));
        await Promise.race([trimPack(DIR, PACK, trims, fs).catch(() => undefined), dark]);
        fs.intercept = () => undefined;
        const found = await allOf(after ?? fs, refs);
        for (const [i, read] of found.entries()) {
          expect(read.text).toBe(before[i]?.text);
          expect(read.json).toEqual(before[i]?.json);
          if (given[i]?.keep === true) expect(read).toEqual(before[i]);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("a damaged pack is not trimmed: it stays as it is and the error names the entry", async () => {
  const { fs, refs } = await packOf([{ ids: [1, 2, 3], text: "whole" }]);
  const file = await fs.open(`${DIR}/${PACK}`, "edit");
  await file.write(Uint8Array.of(0xff), 30);
  await file.close();
  const trim = trimPack(
    DIR,
    PACK,
    refs.map((ref) => ({ ...ref, keep: false })),
    fs,
  );
  await expect(trim).rejects.toThrow(/abc-0.pack at 0: the checksum does not match/);
  expect(await fs.list(DIR)).toEqual([PACK]);
});

test("a trimmed pack whose index is damaged says so", async () => {
  const { fs, refs } = await packOf([{ ids: [1, 2, 3], text: "whole" }]);
  await trimPack(
    DIR,
    PACK,
    refs.map((ref) => ({ ...ref, keep: false })),
    fs,
  );
  const file = await fs.open(`${DIR}/${PACK}`, "edit");
  await file.write(Uint8Array.of(0xff), 14);
  await file.close();
  await expect(allOf(fs, refs)).rejects.toThrow(/the index of a trimmed pack is damaged/);
});
