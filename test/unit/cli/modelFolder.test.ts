import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modelFolder } from "../../../remote-agent/src/cli/modelFolder.ts";
import { parseOverride, resolveModel } from "../../../remote-agent/src/cli/overrides.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "rzero-models-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function folderWith(directory: string, names: string[]): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const name of names) await writeFile(path.join(directory, name), "{}");
  return directory;
}

const files = ["config.json", "tokenizer.json", "model.safetensors"];

describe("the folder of a configuration's model", () => {
  it("is a path, meant from the folder of the configuration", async () => {
    const model = await folderWith(path.join(root, "models", "tiny"), files);
    expect(await modelFolder("models/tiny", root, {})).toBe(model);
    expect(await modelFolder(model, "/", {})).toBe(model);
  });

  it("is a snapshot of the Hugging Face cache for a name of the hub", async () => {
    const repository = path.join(root, "hub", "models--Qwen--Qwen3-0.6B-Base");
    await folderWith(path.join(repository, "snapshots", "abc"), files);
    await mkdir(path.join(repository, "refs"));
    await writeFile(path.join(repository, "refs", "main"), "abc\n");
    for (const env of [{ HF_HOME: root }, { HF_HUB_CACHE: path.join(root, "hub") }])
      expect(await modelFolder("Qwen/Qwen3-0.6B-Base", root, env)).toBe(path.join(repository, "snapshots", "abc"));
  });

  it("says how to fetch what is not there, and what a folder lacks", async () => {
    await expect(modelFolder("Qwen/Qwen3-4B-Base", root, { HF_HOME: root })).rejects.toThrow(
      `neither a folder ${path.join(root, "Qwen/Qwen3-4B-Base")} nor in the Hugging Face cache (${path.join(root, "hub")}). \`hf download Qwen/Qwen3-4B-Base\` fetches them`,
    );
    await expect(modelFolder("./gone", root, {})).rejects.toThrow(/There is no model folder .*gone/);
    const half = await folderWith(path.join(root, "half"), ["config.json"]);
    await expect(modelFolder(half, root, {})).rejects.toThrow(/has no tokenizer.json/);
    const unweighted = await folderWith(path.join(root, "unweighted"), files.slice(0, 2));
    await expect(modelFolder(unweighted, root, {})).rejects.toThrow(/has no weights \(\*\.safetensors\)/);
  });
});

describe("--set model=", () => {
  const resolved = (text: string) => resolveModel(parseOverride(`model=${text}`), root).value;

  it("leaves names of models that are made or looked up, and takes paths from where the person is", async () => {
    expect(resolved("demo")).toBe("demo");
    expect(resolved("smollm2-135m-instruct-q4")).toBe("smollm2-135m-instruct-q4");
    expect(resolved("Qwen/Qwen3-0.6B-Base")).toBe("Qwen/Qwen3-0.6B-Base");
    expect(resolved("./tiny")).toBe(path.join(root, "tiny"));
    await mkdir(path.join(root, "models", "tiny"), { recursive: true });
    expect(resolved("models/tiny")).toBe(path.join(root, "models", "tiny"));
  });
});
