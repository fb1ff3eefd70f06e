import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { repetition } from "../../../remote-agent/src/scoring/repetition.ts";
import { repetitionInWorker } from "../../../remote-agent/src/scoring/repetitionInWorker.ts";

const rules = presets.strict.repetition;
const tokens = (text: string) => [...text];

/** Enough work for the worker to be still busy when it is stopped. */
const large = Array.from({ length: 4_000 }, (_, i) => `${"the same long question again ".repeat(20)} ${i % 3_000}`);

describe("the worker", () => {
  test("gives what the function gives, with the domain's tokenizer", async () => {
    const questions = ["58213", "58214", "", "90", "58213"];
    expect(await repetitionInWorker(questions, { rules, tokens })).toEqual(repetition(questions, { rules, tokens }));
    expect(await repetitionInWorker([], { rules })).toEqual(repetition([], { rules }));
  });

  test("is ended at its time limit with a sentence for the user", async () => {
    await expect(repetitionInWorker(large, { rules, tokens }, { timeoutMs: 50 })).rejects.toMatchObject({
      name: "RepetitionWorkerError",
      reason: "timeout",
      message: expect.stringContaining("4000 questions"),
    });
  });

  test("is ended when aborted, with the signal's reason", async () => {
    const abort = new AbortController();
    const pending = repetitionInWorker(large, { rules, tokens }, { signal: abort.signal });
    abort.abort(new Error("the run was stopped"));
    await expect(pending).rejects.toThrow("the run was stopped");
    await expect(repetitionInWorker([], { rules }, { signal: abort.signal })).rejects.toThrow("the run was stopped");
  });
});

test("bundled, the worker is found beside the bundle", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rzero-bundle-"));
  try {
    const source = join(import.meta.dirname, "../../../remote-agent/src/scoring");
    await build({
      entryPoints: [
        { in: join(source, "repetitionInWorker.ts"), out: "agent" },
        { in: join(source, "repetition.worker.ts"), out: "repetition.worker" },
      ],
      bundle: true,
      platform: "node",
      format: "esm",
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      logLevel: "error",
    });
    const bundled: { repetitionInWorker: typeof repetitionInWorker } = await import(
      pathToFileURL(join(folder, "agent.mjs")).href
    );
    const questions = ["a b c d", "a b c d", "e"];
    expect(await bundled.repetitionInWorker(questions, { rules })).toEqual(repetition(questions, { rules }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
