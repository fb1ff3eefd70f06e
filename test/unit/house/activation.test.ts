import { type BuildOptions, build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { targets } from "../../../scripts/build/targets.mjs";

const entry = "src/extension.ts";
let inputs: Metafile["inputs"];

beforeAll(async () => {
  const target = targets.find(({ outdir }) => outdir === "dist") as BuildOptions;
  const { metafile } = await build({ ...target, write: false, sourcemap: false, metafile: true });
  ({ inputs } = metafile);
}, 120_000);

/** Modules that are evaluated when the extension starts, each with the one that imports it; `import()` loads later. */
function evaluatedAtStart(): Map<string, string | null> {
  const found = new Map<string, string | null>([[entry, null]]);
  for (const [file] of found)
    for (const { path, kind, external } of inputs[file]?.imports ?? [])
      if (kind !== "dynamic-import" && external !== true && !found.has(path)) found.set(path, file);
  return found;
}

describe("the start of the extension", () => {
  test("evaluates nothing that only a connection, a run.yaml or an open panel needs", () => {
    const started = evaluatedAtStart();
    const way = (file: string | null): string[] => (file === null ? [] : [...way(started.get(file) ?? null), file]);
    const large =
      /node_modules\/(ssh2|ssh-config|tar-stream|vscode-jsonrpc|yaml)\/|protocol\/(rpc|records|config|configSchema|runView|series|questionRows)\.ts$|panels\/\w+\/messages\.ts$/;
    expect([...started.keys()].filter((file) => large.test(file)).map((file) => way(file).join(" → "))).toEqual([]);
    // What is looked for is in the bundle.
    expect(Object.keys(inputs).filter((file) => large.test(file)).length).toBeGreaterThan(50);
  });
});
