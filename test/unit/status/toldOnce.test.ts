import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { ToldOnce, type ToldOncePorts } from "../../../src/status/toldOnce.ts";

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "rzero-told-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return path.join(made, "told");
}

/** A window of an editor whose windows meet in `folder`. */
const windowOf = (folder: string, more: Partial<ToldOncePorts> = {}) =>
  new ToldOnce({
    folder,
    isFocused: () => true,
    wait: async () => undefined,
    onTrouble: (error) => {
      throw error;
    },
    ...more,
  });

describe("what is told once", () => {
  it("is told by exactly one of the windows that would at once, whichever they are and whoever looks at them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
        fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 }),
        async (focused, keys) => {
          const shared = await folder();
          const windows = focused.map((isFocused) => windowOf(shared, { isFocused: () => isFocused }));
          for (const key of keys) {
            const claims = await Promise.all(windows.map((window) => window.claim(key)));
            expect(claims.filter(Boolean)).toHaveLength(1);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("is not told again by a window that is opened later", async () => {
    const shared = await folder();
    expect(await windowOf(shared).claim("node/run/alarm")).toBe(true);
    expect(await windowOf(shared).claim("node/run/alarm")).toBe(false);
    expect(await windowOf(shared).claim("node/run/another")).toBe(true);
  });

  it("is left to a window that somebody looks at", async () => {
    const shared = await folder();
    const { promise: waits, resolve: goOn } = Promise.withResolvers<void>();
    const behind = windowOf(shared, { isFocused: () => false, wait: () => waits }).claim("x");
    expect(await windowOf(shared).claim("x")).toBe(true);
    goOn();
    expect(await behind).toBe(false);
  });

  it("is told all the same where no claim can be made, which is noted", async () => {
    const shared = await folder();
    await writeFile(shared, "a file where the folder should be");
    const troubles: unknown[] = [];
    expect(await windowOf(shared, { onTrouble: (error) => troubles.push(error) }).claim("x")).toBe(true);
    expect(troubles).toHaveLength(1);
  });

  it("is forgotten after two thousand others, the oldest first", async () => {
    const shared = await folder();
    const window = windowOf(shared);
    await window.claim("the oldest");
    const [oldest = ""] = await readdir(shared);
    await utimes(path.join(shared, oldest), 1, 1);
    await Promise.all(Array.from({ length: 2000 }, (_, i) => writeFile(path.join(shared, `other-${i}`), "")));
    await window.claim("the newest");
    const left = await readdir(shared);
    expect(left.length).toBeLessThanOrEqual(1001);
    expect(left).not.toContain(oldest);
    expect(await window.claim("the newest")).toBe(false);
  });
});
