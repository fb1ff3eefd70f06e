import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { NotEnough, preflight } from "../../../remote-agent/src/cli/preflight.ts";
import type { World } from "../../../remote-agent/src/cli/world.ts";
import type { RunConfig } from "../../../remote-agent/src/protocol/config.ts";
import { demoConfig } from "../../../remote-agent/src/recipes/demoConfig.ts";
import { runPresets } from "../../../remote-agent/src/recipes/runPresets.ts";
import type { Installation } from "../../../remote-agent/src/run/launch.ts";
import { rzero, temporaryHome } from "./support.ts";

let home: string;
let model: string;
beforeEach(async () => {
  home = await temporaryHome();
  model = path.join(home, "model");
  await mkdir(model);
  const shape = {
    hidden_size: 64,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    intermediate_size: 192,
    vocab_size: 99,
  };
  await writeFile(path.join(model, "config.json"), JSON.stringify(shape));
  for (const name of ["tokenizer.json", "model.safetensors"]) await writeFile(path.join(model, name), "");
  await writeFile(path.join(home, "run.yaml"), "domain: sort\nmodel: ./model\nengine: {device: cpu}\n");
});
const env = { RZERO_PYTHON: "/usr/bin/python3" };

describe("rzero plan", () => {
  it("says processes, memory, disk, tokens and time of a configuration, and starts nothing", async () => {
    const { code, out } = await rzero(home, ["plan", path.join(home, "run.yaml")], env);
    expect(code).toBe(0);
    for (const part of ["supervisor (Node", "memory, engine (main)", "disk, likely at", "tokens sampled", "time  "])
      expect(out).toContain(part);
    expect(out).toContain("(assumed)");
    expect((await rzero(home, ["list"])).out).toContain("There are no runs yet");
  });

  it("says what it computes on and why, also that a GPU is left unused", async () => {
    const plan = async (...args: string[]) =>
      (await rzero(home, ["plan", path.join(home, "run.yaml"), ...args], env)).out;
    const bin = path.join(home, "bin");
    await mkdir(bin);
    const before = process.env["PATH"];
    onTestFinished(() => {
      process.env["PATH"] = before;
    });
    process.env["PATH"] = bin; // no nvidia-smi, as on a machine without one
    expect(await plan()).toContain("computes   on the CPU (engine.device is cpu)\n");
    expect(await plan("--set", "engine.device=auto")).toContain(
      "computes   on the CPU (engine.device is auto; there is no NVIDIA GPU)\n",
    );
    const script = "#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 81559 MiB, 550.54'\n";
    await writeFile(path.join(bin, "nvidia-smi"), script, { mode: 0o755 });
    expect(await plan()).toContain(
      "computes   on the CPU (engine.device is cpu; NVIDIA H100 80GB HBM3 is left unused)\n",
    );
    expect(await plan("--set", "engine.device=auto")).toContain(
      "computes   on the GPU (engine.device is auto; NVIDIA H100 80GB HBM3)\n",
    );
  });

  it("tells programs the same in figures", async () => {
    const { out } = await rzero(home, ["plan", path.join(home, "run.yaml"), "--json"], env);
    const plan = JSON.parse(out);
    expect(plan).toMatchObject({ modelDir: model, device: "cpu", throughput: { basis: "assumed" } });
    expect(plan.seconds.low).toBeLessThan(plan.seconds.high);
    expect(plan.stages[0]).toMatchObject({ iteration: 0, stage: "audit" });
  });

  it("knows the presets' models before their weights are there", async () => {
    const { code, out } = await rzero(home, ["plan", "--preset", "demo"], { ...env, XDG_CACHE_HOME: home });
    expect(code).toBe(0);
    expect(out).toContain("not on this machine yet");
  });

  it("says what is wrong with a model it can say nothing of", async () => {
    await writeFile(path.join(model, "config.json"), '{"n_embd": 64}');
    const { code, err } = await rzero(home, ["plan", path.join(home, "run.yaml")], env);
    expect(code).toBe(2);
    expect(err).toMatch(/config\.json does not say what a forecast needs \(hidden_size\)/);
    const gone = await rzero(home, ["plan", path.join(home, "run.yaml"), "--set", "model=./elsewhere"], env);
    expect(gone.err).toMatch(/There is no model folder/);
  });

  it("measures nothing where there are no weights", async () => {
    const args = ["plan", "--preset", "demo", "--measure"];
    const { code, err } = await rzero(home, args, { ...env, XDG_CACHE_HOME: home });
    expect(code).toBe(2);
    expect(err).toContain("--measure needs the weights of demo");
  });
});

describe("rzero presets", () => {
  it("lists every preset with what it needs", async () => {
    const { code, out } = await rzero(home, ["presets"]);
    expect(code).toBe(0);
    for (const preset of runPresets.values()) expect(out).toContain(`${preset.name}\n  ${preset.summary}`);
    expect(out).toMatch(/GPU memory/);
    const rows = JSON.parse((await rzero(home, ["presets", "--json"])).out);
    expect(rows).toHaveLength(runPresets.size);
  });
});

describe("before a run starts", () => {
  const check = (config: RunConfig, availableMemory: number) =>
    preflight(
      { availableMemory: () => availableMemory, program: "rzero" } as World,
      { home, env: {} } as Installation,
      config,
      model,
    );
  const cpu = demoConfig(0);

  it("enough memory and room are no obstacle", async () => {
    await expect(check(cpu, 4 * 2 ** 30)).resolves.toBeUndefined();
  });

  it("too little memory refuses it, with how much is needed and what to do", async () => {
    await expect(check(cpu, 100 * 2 ** 20)).rejects.toThrow(NotEnough);
    await expect(check(cpu, 100 * 2 ** 20)).rejects.toThrow(
      /100\.0 MiB of memory are free, and the engine needs at least .* close other programs/,
    );
  });

  it("too little room for two checkpoints refuses it", async () => {
    // 10^15 parameters: no disk holds two of their checkpoints.
    const shape = {
      hidden_size: 1e6,
      num_hidden_layers: 100,
      num_attention_heads: 1,
      intermediate_size: 3e6,
      vocab_size: 1e6,
    };
    await writeFile(path.join(model, "config.json"), JSON.stringify(shape));
    await expect(check(cpu, 2 ** 60)).rejects.toThrow(/free at .*runs.* room for two checkpoints of .*RZERO_HOME/);
  });

  it("memory of an engine that somebody else runs is not ours to judge, nor is a model of an unknown family", async () => {
    const elsewhere = { ...cpu, engine: { ...cpu.engine, url: "http://127.0.0.1:1" } };
    await expect(check(elsewhere, 1)).resolves.toBeUndefined();
    await writeFile(path.join(model, "config.json"), '{"n_embd": 64}');
    await expect(check(cpu, 1)).resolves.toBeUndefined();
  });
});
