import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchModel, findModel } from "../../../remote-agent/src/cli/modelsOf.ts";
import { HubAccess, HubError, isNeeded } from "../../../remote-agent/src/weights/hub.ts";
import { downloadModel } from "../../../remote-agent/src/weights/hubModel.ts";
import { startHub, type TestHub } from "../../support/hub.ts";

const MODEL = "tiny/model-1";
const weights = randomBytes(900_000);
const files = {
  "config.json": Buffer.from('{"model_type":"llama"}'),
  "tokenizer.json": Buffer.from("{}"),
  "model.safetensors": weights,
  "pytorch_model.bin": Buffer.from("pickle"),
  "modeling_evil.py": Buffer.from("import os"),
  "README.md": Buffer.from("text"),
};
let hub: TestHub;
let cache: string;

beforeEach(async () => {
  hub = await startHub(MODEL, files);
  cache = await mkdtemp(path.join(tmpdir(), "rzero-hub-"));
});
afterEach(async () => {
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

function download(more: { token?: string | null; signal?: AbortSignal; onBytes?: (done: number) => void } = {}) {
  return downloadModel({
    model: MODEL,
    cache,
    hub: { endpoint: hub.endpoint, token: more.token ?? null, fetch },
    onProgress: (_, done) => more.onBytes?.(done),
    signal: more.signal ?? new AbortController().signal,
    pauseMs: () => 1,
  });
}
const env = () => ({ HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint });
const blob = () =>
  path.join(cache, "models--tiny--model-1", "blobs", createHash("sha256").update(weights).digest("hex"));

describe("a model from a hub", () => {
  it("comes into the cache as huggingface_hub lays it out, without code and pickles, and is found there", async () => {
    expect((await findModel(MODEL, env())).where).toBeNull();
    const { directory } = await fetchModel(
      { model: MODEL, token: null },
      env(),
      () => undefined,
      new AbortController().signal,
    );
    expect((await readdir(directory)).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect((await readFile(path.join(directory, "model.safetensors"))).equals(weights)).toBe(true);
    expect(await findModel(MODEL, env())).toEqual({ where: "cache", directory, why: null, hub: true });
  });

  it("goes on behind what arrived when the connection is cut, over and over", async () => {
    hub.cutAfter = (name, from) => (name === "model.safetensors" && from < 600_000 ? 200_000 : null);
    const directory = await download();
    expect((await readFile(path.join(directory, "model.safetensors"))).equals(weights)).toBe(true);
    const ranges = hub.requests.filter(({ storage, range }) => storage && range !== null);
    expect(ranges.length).toBeGreaterThanOrEqual(3);
  });

  it("starts the file anew where the server knows no ranges", async () => {
    hub.ranges = false;
    let cuts = 1;
    hub.cutAfter = (name) => (name === "model.safetensors" && cuts-- > 0 ? 300_000 : null);
    const directory = await download();
    expect((await readFile(path.join(directory, "model.safetensors"))).equals(weights)).toBe(true);
  });

  it("ends with a sentence when nothing arrives any more, and keeps what did", async () => {
    hub.cutAfter = (name, from) => (name === "model.safetensors" ? (from === 0 ? 100_000 : 0) : null);
    await expect(download()).rejects.toThrow(/model.safetensors of tiny\/model-1 could not be downloaded .* is kept/);
    const { size } = await stat(`${blob()}.incomplete`);
    expect(size).toBeGreaterThan(0);
    expect(size).toBeLessThanOrEqual(100_000); // what was on its way when the connection broke may be lost
    hub.cutAfter = () => null;
    await download();
    expect(hub.requests.at(-1)?.range).toBe(`bytes=${size}-`);
  });

  it("is not taken when it is damaged: downloaded again, then refused", async () => {
    await download();
    await rm(blob());
    await writeFile(`${blob()}.incomplete`, randomBytes(500_000));
    await download();
    expect((await readFile(blob())).equals(weights)).toBe(true);
  });

  it("a cancel keeps what arrived", async () => {
    const abort = new AbortController();
    const work = download({ signal: abort.signal, onBytes: (done) => done > 100_000 && abort.abort() });
    await expect(work).rejects.toThrow();
    await download();
    expect((await stat(blob())).size).toBe(weights.length);
  });

  it("private or gated: says what to do; with the token it comes, and the token goes to no other origin", async () => {
    hub.token = "hf_planted_secret";
    await expect(download()).rejects.toThrow(HubAccess);
    await expect(download()).rejects.toThrow(/set a token/);
    const wrong = await download({ token: "hf_wrong" }).catch((error: unknown) => error);
    expect(wrong).toBeInstanceOf(HubAccess);
    expect(String(wrong)).not.toContain("hf_wrong");
    await download({ token: hub.token });
    const storage = hub.requests.filter((request) => request.storage);
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.every(({ authorization }) => authorization === null)).toBe(true);
    for (const name of await readdir(cache, { recursive: true, withFileTypes: true }))
      if (name.isFile())
        expect(await readFile(path.join(name.parentPath, name.name), "latin1")).not.toContain(hub.token);
  });

  it("an unknown model, and two downloads at once", async () => {
    const none = { model: "tiny/none", token: null };
    await expect(fetchModel(none, env(), () => undefined, new AbortController().signal)).rejects.toThrow(/no model/);
    const both = await Promise.allSettled([download(), download()]);
    expect(both.some(({ status }) => status === "fulfilled")).toBe(true);
    for (const end of both) if (end.status === "rejected") expect(end.reason).toBeInstanceOf(HubError);
  });

  it.each(["../../etc/passwd", "a/b.safetensors", ".hidden.safetensors", "model.bin", "x.py", "tokenizer.json\n"])(
    "%j is no file that is taken",
    (name) => expect(isNeeded(name)).toBe(false),
  );
});
