import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RemoteFile } from "../../../remote-agent/src/protocol/runActions.ts";
import { type DownloadPorts, download } from "../../../src/runActions/download/download.ts";
import { planOf } from "../../../src/runActions/download/plan.ts";
import { safeSteps } from "../../../src/runActions/download/safePath.ts";

const files: fc.Arbitrary<RemoteFile[]> = fc.uniqueArray(
  fc.record({
    path: fc.constantFrom("run.yaml", "journal/1.log", "packs/a", "packs/b", "logs/agent.log"),
    bytes: fc.integer({ min: 0, max: 500 }),
    version: fc.constantFrom("1", "2"),
  }),
  { selector: ({ path: name }) => name },
);
const state = fc.dictionary(
  fc.constantFrom("run.yaml", "journal/1.log", "packs/a", "gone"),
  fc.record({ version: fc.constantFrom("1", "2"), done: fc.integer({ min: 0, max: 500 }) }),
);

describe("what is left to fetch", () => {
  it("covers every byte that is not here exactly once, in order, and never one that is", () => {
    fc.assert(
      fc.property(files, state, fc.integer({ min: 1, max: 200 }), (listed, known, chunk) => {
        const { stretches, obsolete, bytes } = planOf(listed, { source: "s", files: known }, chunk);
        for (const file of listed) {
          const mine = stretches.filter((stretch) => stretch.file === file);
          const have =
            known[file.path]?.version === file.version ? Math.min(known[file.path]?.done ?? 0, file.bytes) : 0;
          let at = have;
          for (const { from, length } of mine) {
            expect(from).toBe(at);
            expect(length).toBeLessThanOrEqual(chunk);
            at += length;
          }
          expect(at).toBe(file.bytes);
        }
        const left = stretches.reduce((sum, { length }) => sum + length, 0);
        expect(bytes.done + left).toBe(bytes.total);
        for (const name of obsolete)
          expect(listed.find(({ path: at }) => at === name)?.version).not.toBe(known[name]?.version);
      }),
    );
  });
});

describe("a path that a host names", () => {
  it.each([
    "../../.ssh/authorized_keys",
    "/etc/passwd",
    "journal//1.log",
    "journal/..",
    "..",
    ".download.json",
    "journal\\..\\x",
    "C:/x",
    "a/\0",
    "nul",
    "packs/com1.txt",
    "x.",
    "",
  ])("%j has no place here", (name) => {
    expect(safeSteps(name)).toBeNull();
  });

  it.each(["run.yaml", "journal/00000001.log", "checkpoints/9135d-e1/model-00001-of-00002.safetensors"])(
    "%s has",
    (name) => {
      expect(safeSteps(name)).toEqual(name.split("/"));
    },
  );

  it("whatever it is, it stays below the folder", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[./\\a]{0,12}$/)), (name) => {
        const steps = safeSteps(name);
        if (steps === null) return;
        expect(path.relative("/root/run", path.join("/root/run", ...steps))).not.toMatch(/^(\.\.|$)/);
      }),
    );
  });
});

/** A host with files in memory, which may change or fail. */
function host(contents: Record<string, { version: string; text: string }>) {
  let asked = 0;
  const port = {
    contents,
    asked: () => asked,
    /** Called before each piece. */
    before: (_piece: number): void => undefined,
    ports: {
      list: async () =>
        Object.entries(contents).map(([name, { version, text }]) => ({ path: name, version, bytes: text.length })),
      piece: async ({ file, from, length }) => {
        asked += 1;
        port.before(asked);
        const found = contents[file.path];
        if (found?.version !== file.version) return null;
        const bytes = Buffer.from(found.text.slice(from, from + length));
        return { data: bytes.toString("base64"), sha256: createHash("sha256").update(bytes).digest("hex") };
      },
      onProgress: () => undefined,
      now: Date.now,
    } satisfies DownloadPorts,
  };
  return port;
}

async function place() {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-download-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return {
    target: path.join(folder, "the-run"),
    aside: path.join(folder, ".download-the-run"),
    source: "node/the-run",
    beside: { "downloaded.json": "{}" },
  };
}

const never = new AbortController().signal;
const big = "0123456789".repeat(200_000); // four pieces

describe("a download", () => {
  it("appears when it is whole, with what belongs beside it", async () => {
    const what = await place();
    const there = host({ "run.yaml": { version: "1", text: "name: x" }, "packs/empty": { version: "1", text: "" } });
    await download(what, there.ports, never);
    expect(await readFile(path.join(what.target, "run.yaml"), "utf8")).toBe("name: x");
    expect(await readFile(path.join(what.target, "packs/empty"), "utf8")).toBe("");
    expect((await readdir(what.target)).sort()).toEqual(["downloaded.json", "packs", "run.yaml"]);
    expect(await readdir(path.dirname(what.target))).toEqual(["the-run"]);
  });

  it("that was cancelled goes on where it was, and asks for nothing twice", async () => {
    const what = await place();
    const there = host({ "packs/a": { version: "1", text: big }, "run.yaml": { version: "1", text: "name: x" } });
    const cancel = new AbortController();
    let received = 0;
    const onProgress = (done: number) => {
      received = done;
      if (done > 600_000) cancel.abort();
    };
    await expect(download(what, { ...there.ports, onProgress }, cancel.signal)).rejects.toThrow();
    expect(received).toBeGreaterThan(600_000);
    expect(await readdir(path.dirname(what.target))).toEqual([".download-the-run"]);
    let first = -1;
    const again = (done: number) => {
      if (first < 0) first = done;
    };
    await download(what, { ...there.ports, onProgress: again }, never);
    expect(first).toBe(received);
    expect(await readFile(path.join(what.target, "packs/a"), "utf8")).toBe(big);
  });

  it("of a run that changes meanwhile is of one moment in the end", async () => {
    const what = await place();
    const there = host({ "logs/agent.log": { version: "1", text: "old" }, "packs/a": { version: "1", text: big } });
    there.before = (piece) => {
      if (piece !== 2) return;
      there.contents["packs/a"] = { version: "2", text: "trimmed" };
      delete there.contents["logs/agent.log"];
    };
    await download(what, there.ports, never);
    expect(await readFile(path.join(what.target, "packs/a"), "utf8")).toBe("trimmed");
    const files = await readdir(what.target, { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(["downloaded.json", "a"]);
  });

  it("gives up on a run that never holds still, with what to do", async () => {
    const what = await place();
    const there = host({ "packs/a": { version: "0", text: big } });
    there.before = (piece) => {
      there.contents["packs/a"] = { version: String(piece), text: big };
    };
    await expect(download(what, there.ports, never)).rejects.toThrow(/pause the run/);
  });

  it("takes no bytes that are not those that were sent, and no file outside", async () => {
    const what = await place();
    const there = host({ "run.yaml": { version: "1", text: "name: x" } });
    const piece = async () => ({ data: Buffer.from("name: y").toString("base64"), sha256: "0".repeat(64) });
    await expect(download(what, { ...there.ports, piece }, never)).rejects.toThrow(/did not arrive as it was sent/);
    const outside = host({ "../outside": { version: "1", text: "x" } });
    await expect(download(what, outside.ports, never)).rejects.toThrow(/no place here/);
    expect(await readdir(path.dirname(what.aside))).toEqual([".download-the-run"]);
  });

  it("of something else begins anew, as does one whose state cannot be read", async () => {
    const what = await place();
    const there = host({ "run.yaml": { version: "1", text: "name: x" } });
    const cancel = new AbortController();
    cancel.abort();
    await expect(download(what, there.ports, cancel.signal)).rejects.toThrow();
    await writeFile(path.join(what.aside, ".download.json"), "{ half");
    await writeFile(path.join(what.aside, "run.yaml"), "name: half of another");
    await download(what, there.ports, never);
    expect(await readFile(path.join(what.target, "run.yaml"), "utf8")).toBe("name: x");
  });
});
