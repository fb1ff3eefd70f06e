// Weights from this computer to a host: behind a cut it goes on, and what is damaged is not taken.

import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalFile, uploadFile } from "../../src/deploy/uploadFile.ts";
import { connectTo } from "../../src/ssh/connect.ts";
import { type Transport, TransportError } from "../../src/ssh/transport.ts";
import { NoModelFolder, uploadModel } from "../../src/weights/modelUpload.ts";
import { type Wire, wireTo } from "../support/link/wire.ts";
import { type Sshd, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
let sshd: Sshd;
let wire: Wire;
let scratch: string;
const signal = new AbortController().signal;

beforeAll(async () => {
  expect(missing).toBeNull();
  sshd = await startSshd();
  wire = await wireTo(sshd.port);
  scratch = await mkdtemp(path.join(tmpdir(), "rzero-upload-"));
  const line = await readFile(sshd.knownHosts, "utf8");
  await appendFile(sshd.knownHosts, line.replaceAll(`:${sshd.port} `, `:${wire.port} `));
  const config = path.join(sshd.folder, "ssh_config");
  await writeFile(config, (await readFile(config, "utf8")).replace(`Port ${sshd.port}`, `Port ${wire.port}`));
});
afterAll(async () => {
  await wire?.close();
  await sshd?.stop();
  if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
});

async function connected(): Promise<Transport> {
  const nobody = { secret: async () => null, acceptHostKey: async () => false };
  const connector = { ssh: sshd.ssh, acceptedKeys: sshd.acceptedKeys, prompter: nobody, log: () => undefined };
  return connectTo(connector, "node");
}

async function localFile(name: string, content: Buffer): Promise<LocalFile> {
  const file = path.join(scratch, name);
  await writeFile(file, content);
  return { path: file, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

describe.skipIf(missing !== null)(`uploads${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("goes on behind a cut: what arrived is not sent again", async () => {
    const content = randomBytes(24 * 2 ** 20);
    const file = await localFile("large", content);
    const target = path.join(scratch, "far", "it's large");
    let transport = await connected();
    const first = await uploadFile(transport, file, target, {
      mode: 0o640,
      signal,
      onProgress: (bytes) => {
        if (bytes > 12 * 2 ** 20) wire.cut();
      },
    }).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(TransportError);
    expect((first as TransportError).reason).toBe("lost");
    await expect(stat(target)).rejects.toThrow();
    await transport.close();
    transport = await connected();
    const begun: number[] = [];
    const options = { mode: 0o640, signal, onProgress: (bytes: number) => begun.push(bytes) };
    expect(await uploadFile(transport, file, target, options)).toBe("uploaded");
    expect(begun[0]).toBeGreaterThan(2 ** 20);
    expect((await readFile(target)).equals(content)).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect(await uploadFile(transport, file, target, options)).toBe("there");
    await transport.close();
  });

  it("what lies there damaged is not continued", async () => {
    const file = await localFile("second", randomBytes(3 * 2 ** 20));
    const folder = path.join(scratch, "far2");
    await mkdir(folder);
    await writeFile(path.join(folder, `.rzero-${file.sha256.slice(0, 32)}.upload`), randomBytes(2 ** 20));
    const transport = await connected();
    const begun: number[] = [];
    const onProgress = (bytes: number) => begun.push(bytes);
    await uploadFile(transport, file, path.join(folder, "second"), { mode: 0o600, signal, onProgress });
    expect(begun[0]).toBe(0);
    expect(await readdir(folder)).toEqual(["second"]);
    await transport.close();
  });

  it("a cancel stops it, and the next try goes on", async () => {
    const file = await localFile("third", randomBytes(24 * 2 ** 20));
    const target = path.join(scratch, "far3", "third");
    const transport = await connected();
    const abort = new AbortController();
    const onProgress = (bytes: number) => bytes > 8 * 2 ** 20 && abort.abort();
    const cancelled = uploadFile(transport, file, target, { mode: 0o600, signal: abort.signal, onProgress });
    await expect(cancelled).rejects.toMatchObject({ reason: "cancelled" });
    await uploadFile(transport, file, target, { mode: 0o600, signal, onProgress: () => undefined });
    expect((await stat(target)).size).toBe(file.bytes);
    await transport.close();
  });

  it("what an earlier try was still writing is not mixed into the next one", async () => {
    const content = randomBytes(2 ** 20);
    const file = await localFile("fourth", content);
    const target = path.join(scratch, "far4", "fourth");
    const part = path.join(path.dirname(target), `.rzero-${file.sha256.slice(0, 32)}.upload`);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(part, content.subarray(0, 1000));
    const earlier = spawn("sh", ["-c", `exec cat >>'${part}'`], { stdio: ["pipe", "ignore", "ignore"] });
    const ended = new Promise((resolve) => earlier.once("exit", (_, signal) => resolve(signal)));
    await writeFile(`${part}.pid`, `${earlier.pid} ${hostname()}\n`);
    const transport = await connected();
    const onProgress = () => void earlier.stdin.write(Buffer.alloc(100, 7));
    earlier.stdin.on("error", () => undefined); // nobody reads it any more
    await uploadFile(transport, file, target, { mode: 0o600, signal, onProgress });
    expect((await readFile(target)).equals(content)).toBe(true);
    expect(await ended).toBe("SIGTERM");
    expect(await readdir(path.dirname(target))).toEqual(["fourth"]);
    await transport.close();
  });

  it("a model: its files and nothing else, below the folder of the host's settings", async () => {
    const folder = path.join(scratch, "tiny-model");
    await mkdir(folder);
    const weights = randomBytes(400_000);
    for (const [name, content] of Object.entries({
      "config.json": "{}",
      "tokenizer.json": "{}",
      "model.safetensors": weights,
      "pytorch_model.bin": "pickle",
      "run.py": "import os",
    }))
      await writeFile(path.join(folder, name), content);
    const transport = await connected();
    const seen: [number, number][] = [];
    const root = path.join(scratch, "root");
    const upload = {
      folder,
      root,
      signal,
      onProgress: (_: string, done: number, all: number) => seen.push([done, all]),
    };
    const there = await uploadModel(transport, upload);
    expect(there).toBe(path.join(root, "models", "tiny-model"));
    expect((await readdir(there)).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json"]);
    expect((await readFile(path.join(there, "model.safetensors"))).equals(weights)).toBe(true);
    expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1]);
    await rm(path.join(folder, "config.json"));
    await expect(uploadModel(transport, upload)).rejects.toThrow(NoModelFolder);
    await transport.close();
  });

  it.skipIf(process.getuid?.() !== 0)("no room: a sentence", async () => {
    const small = path.join(scratch, "small");
    await mkdir(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
    const transport = await connected();
    try {
      const file = await localFile("fourth", randomBytes(4 * 2 ** 20));
      const work = uploadFile(transport, file, path.join(small, "f"), {
        mode: 0o600,
        signal,
        onProgress: () => undefined,
      });
      await expect(work).rejects.toMatchObject({ reason: "no_room" });
    } finally {
      await transport.close();
      execFileSync("umount", ["-l", small]);
    }
  });
});
