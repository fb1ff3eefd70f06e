import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PackReader } from "../../../remote-agent/src/run/journal/packReader.ts";
import { PackWriter } from "../../../remote-agent/src/run/journal/packs.ts";
import { failure, MemoryFs } from "./memoryFs.ts";
import { RUN } from "./support.ts";

const PACK = `${RUN}/packs/abc-0.pack`;

function writer(fs: MemoryFs, keepBytes = 0): PackWriter {
  return new PackWriter({ runDir: RUN, callHash: "abc", part: 0, keepBytes, fs });
}

const entry = fc.record(
  {
    ids: fc.array(fc.nat(2 ** 32 - 1)),
    logprobs: fc.array(fc.float({ noDefaultInfinity: false })),
    text: fc.string({ unit: "binary", maxLength: 300 }),
    json: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

test("entries come back as they were added, each part present or not on its own", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 4 }), async (waves) => {
      const fs = new MemoryFs();
      const packs = writer(fs);
      const refs = [];
      for (const wave of waves) {
        for (const added of wave) refs.push({ added, ref: packs.add(added) });
        await packs.sync();
      }
      const reader = new PackReader(RUN, { fs: fs.crash(() => 0) });
      for (const { added, ref } of refs.reverse()) {
        const read = await reader.read(ref);
        expect(Object.keys(read).sort()).toEqual(Object.keys(added).sort());
        expect(read.ids && [...read.ids]).toEqual(added.ids);
        expect(read.logprobs && [...read.logprobs]).toEqual(added.logprobs);
        expect(read.text).toBe(added.text === undefined ? undefined : Buffer.from(added.text).toString("utf8"));
        expect(read.json).toEqual(added.json === undefined ? undefined : JSON.parse(JSON.stringify(added.json)));
      }
    }),
    { numRuns: 60 },
  );
});

test("logprobs are kept as 32-bit floats, NaN and -Infinity included", async () => {
  const fs = new MemoryFs();
  const packs = writer(fs);
  const ref = packs.add({ logprobs: [-0.1, Number.NaN, Number.NEGATIVE_INFINITY, 0] });
  await packs.sync();
  const { logprobs } = await new PackReader(RUN, { fs }).read(ref);
  expect(logprobs).toEqual(Float32Array.from([-0.1, Number.NaN, Number.NEGATIVE_INFINITY, 0]));
});

test("views into larger arrays are stored as what they show", async () => {
  const fs = new MemoryFs();
  const packs = writer(fs);
  const ref = packs.add({ ids: Uint32Array.from([1, 2, 3, 4]).subarray(1, 3) });
  await packs.sync();
  expect([...((await new PackReader(RUN, { fs }).read(ref)).ids ?? [])]).toEqual([2, 3]);
});

test("one sync makes a whole wave durable; nothing is written before it", async () => {
  const fs = new MemoryFs();
  const packs = writer(fs);
  for (let n = 0; n < 100; n += 1) packs.add({ ids: [n] });
  expect(fs.operations).toEqual([]);
  await packs.sync();
  expect(fs.operations.filter(({ operation }) => operation === "datasync")).toHaveLength(1);
  await packs.sync();
  expect(fs.operations.filter(({ operation }) => operation === "datasync")).toHaveLength(1);
});

test("a flipped bit anywhere in an entry is found and the message names file and offset", async () => {
  const fs = new MemoryFs();
  const packs = writer(fs);
  packs.add({ ids: [9] });
  const ref = packs.add({ ids: [1, 2, 3], logprobs: [-1, -2, -3], text: "x + 1 = 2", json: { answer: 1 } });
  await packs.sync();
  for (let at = ref.offset; at < ref.offset + ref.length; at += 1) {
    const bytes = Buffer.from(fs.content(PACK));
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
    const damaged = fs.clone();
    damaged.put(PACK, bytes);
    const read = new PackReader(RUN, { fs: damaged }).read(ref);
    await expect(read, `byte ${at}`).rejects.toMatchObject({ reason: "pack_unreadable" });
    await expect(read).rejects.toThrow(`packs/abc-0.pack at byte ${ref.offset}`);
  }
});

test.each([
  [{ pack: "abc-9.pack", offset: 0, length: 40 }, "is not there"],
  [{ pack: "abc-0.pack", offset: 4, length: 32 }, "no entry starts here"],
  [{ pack: "abc-0.pack", offset: 0, length: 4000 }, "ends before"],
  [{ pack: "abc-0.pack", offset: 0, length: 3 }, "cut off"],
  [{ pack: "../secret", offset: 0, length: 40 }, "not the name of a pack"],
])("%j cannot be read: %s", async (ref, problem) => {
  const fs = new MemoryFs();
  const packs = writer(fs);
  packs.add({ ids: [1, 2, 3] });
  await packs.sync();
  await expect(new PackReader(RUN, { fs }).read(ref)).rejects.toThrow(problem);
});

test("redoing a call writes over what its interrupted attempt left", async () => {
  const fs = new MemoryFs();
  const first = writer(fs);
  const committed = first.add({ text: "in the journal" });
  await first.sync();
  first.add({ text: "left behind by the crash" });
  await first.sync();
  await first.close();

  const resumed = writer(fs, committed.offset + committed.length);
  const again = resumed.add({ text: "drawn again" });
  await resumed.sync();
  const reader = new PackReader(RUN, { fs });
  expect((await reader.read(committed)).text).toBe("in the journal");
  expect((await reader.read(again)).text).toBe("drawn again");
  expect(fs.content(PACK)).toHaveLength(again.offset + again.length);

  const redone = writer(fs);
  const anew = redone.add({ text: "the whole call again" });
  await redone.sync();
  expect(fs.content(PACK)).toHaveLength(anew.length);
});

test("a full disk keeps what was added for the next sync", async () => {
  const fs = new MemoryFs();
  const packs = writer(fs);
  const before = packs.add({ text: "before" });
  await packs.sync();
  fs.free = 5;
  const ref = packs.add({ text: "when the disk was full" });
  await expect(packs.sync()).rejects.toMatchObject({ reason: "disk_full" });
  fs.free = 1e6;
  await packs.sync();
  const reader = new PackReader(RUN, { fs: fs.crash(() => 0) });
  expect((await reader.read(before)).text).toBe("before");
  expect((await reader.read(ref)).text).toBe("when the disk was full");
});

test.each([1, 5])("a sync that fails %i times", async (times) => {
  const fs = new MemoryFs();
  const packs = writer(fs);
  const ref = packs.add({ text: "kept" });
  let left = times;
  fs.intercept = (operation, path) => {
    if (operation === "datasync" && left-- > 0) throw failure("EIO", path);
    return undefined;
  };
  if (times > 1) return expect(packs.sync()).rejects.toMatchObject({ reason: "storage_failed" });
  await packs.sync();
  expect((await new PackReader(RUN, { fs: fs.crash(() => 0) }).read(ref)).text).toBe("kept");
});

test("a reader keeps no more files open than it may, also when many read at once", async () => {
  const dir = await mkdtemp(join(tmpdir(), "rzero-packs-"));
  const reader = new PackReader(dir, { maxOpen: 3 });
  try {
    const refs = [];
    for (let part = 0; part < 20; part += 1) {
      const packs = new PackWriter({ runDir: dir, callHash: "abc", part });
      refs.push(packs.add({ ids: [part] }));
      await packs.sync();
      await packs.close();
    }
    const read = await Promise.all([...refs, ...refs].map((ref) => reader.read(ref)));
    expect(read.map(({ ids }) => ids?.[0])).toEqual([...refs.keys(), ...refs.keys()]);
    if (process.platform === "linux") {
      const { readlink } = await import("node:fs/promises");
      const open = await Promise.all(
        (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
      );
      expect(open.filter((path) => path.startsWith(dir)).length).toBeLessThanOrEqual(3);
    }
  } finally {
    await reader.close();
    await rm(dir, { recursive: true });
  }
});

test("a call hash that could leave the directory is refused", () => {
  expect(() => new PackWriter({ runDir: RUN, callHash: "../x", part: 0 })).toThrow("call hash");
});
