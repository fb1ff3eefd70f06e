// Exports of real runs, read by the libraries they are meant for.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportCommand } from "../../remote-agent/src/cli/export.ts";
import type { RunConfig } from "../../remote-agent/src/protocol/config.ts";
import { rZero } from "../../remote-agent/src/recipes/rZero.ts";
import { RunControl } from "../../remote-agent/src/run/control.ts";
import { type Exported, type ExportSpec, exportRun } from "../../remote-agent/src/run/export/exportRun.ts";
import { jsonLines, parquet } from "../../remote-agent/src/run/export/tableFile.ts";
import { type Column, tableNames, tables } from "../../remote-agent/src/run/export/tables.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { createRun } from "../../remote-agent/src/run/launch.ts";
import { readRun } from "../../remote-agent/src/run/runDir.ts";
import { supervise } from "../../remote-agent/src/run/supervisor.ts";
import { baseModel, smallConfig, temporaryInstallation } from "../support/demoRun.ts";
import { loadedModels, loadedTables, parquetTables } from "../support/exportOracle.ts";
import { countedRecords } from "../support/sameRun.ts";
import { sortingEngine, superviseAgainst } from "../support/scriptedRun.ts";

let home: Awaited<ReturnType<typeof temporaryInstallation>>;
let out: string;
let model: string;
/** All parameters trained by the real engine. */
let full: string;

const everything = { what: new Set(tableNames), checkpoint: "last", merge: null, signal: new AbortController().signal };

beforeAll(async () => {
  home = await temporaryInstallation();
  out = await mkdtemp(path.join(tmpdir(), "rzero-export-"));
  model = await baseModel(home);
  full = await realRun(() => undefined);
}, 600_000);
afterAll(async () => {
  await rm(out, { recursive: true, force: true });
  await home.remove();
});

/** One iteration on the real engine. */
async function realRun(change: (config: RunConfig) => void): Promise<string> {
  const config = smallConfig((config) => {
    config.iterations = 1;
    Object.assign(config.solver, { steps: 2 });
    change(config);
  });
  const runDir = await createRun(home, config, model, new Date());
  const common = { python: home.python, enginePackageDir: home.enginePackageDir, recipe: rZero, engineToken: "" };
  const outcome = await supervise({ runDir, ...common, log: () => undefined }, new RunControl());
  expect(outcome).toEqual({ state: "completed", reason: null });
  return runDir;
}

async function exported(
  runDir: string,
  name: string,
  spec: Partial<ExportSpec> = {},
): Promise<Exported & { to: string }> {
  const to = path.join(out, name);
  return {
    to,
    ...(await exportRun({ runDir, run: await readRun(runDir), to, format: "jsonl", ...everything, ...spec })),
  };
}

describe("tables", () => {
  test("JSON lines and Parquet load with `datasets` under their names: same rows, all columns, the journal's numbers", async () => {
    const lines = await exported(full, "lines");
    const columns = await exported(full, "columns", { format: "parquet", checkpoint: null });
    const [fromLines, fromParquet] = await loadedTables([lines.to, columns.to], path.join(out, "cache"));
    const records = [...(await countedRecords(full)).values()];
    const count = (type: string, role: string) =>
      records.filter((r) => r["type"] === type && r["role"] === role).length;
    const members = records.flatMap((r) => (r["type"] === "example" ? (r["members"] as string[]) : []));
    expect(lines.rows).toMatchObject({
      questions: count("trajectory", "challenger"),
      answers: count("trajectory", "solver"),
      examples: members.length,
      checkpoints: records.filter((r) => r["type"] === "checkpoint").length,
    });
    for (const name of tableNames) {
      const [a, b] = [fromLines?.[name], fromParquet?.[name]];
      expect(b?.rows, name).toBe(lines.rows[name]);
      expect(Object.keys(b?.types ?? {}), name).toEqual(tables[name].columns.map((column) => column.name));
      const without = (rows: unknown[] | undefined) => rows?.map((row) => ({ ...(row as object), folder: null }));
      expect(without(a?.content), name).toEqual(without(b?.content));
    }
    const questions = fromParquet?.["questions"]?.content ?? [];
    expect(questions.filter((row) => row["stage"] === "curriculum" && row["label"] !== null).length).toBeGreaterThan(0);
    expect(questions.every((row) => typeof row["text"] === "string")).toBe(true);
    const rewarded = (fromParquet?.["answers"]?.content ?? []).filter((row) => row["stage"] === "solver");
    expect(rewarded.every((row) => typeof row["reward"] === "number" && row["question"] !== null)).toBe(true);
    const examples = fromParquet?.["examples"]?.content ?? [];
    const steps = new Set(records.filter((r) => r["type"] === "checkpoint").map((r) => r["id"]));
    expect(examples.every((row) => steps.has(row["checkpoint"]) && row["completion"] !== null)).toBe(true);
  });

  test("a table without rows keeps its columns, is not offered to `datasets`, which loads none, and is named", async () => {
    const engine = await sortingEngine(model);
    const { run } = await superviseAgainst(home, model, engine);
    await engine.close();
    const beginning = { checkpoint: null, upTo: await endOfFirstAudit(run) };
    const lines = await exported(run, "few-lines", beginning);
    const columns = await exported(run, "few-columns", { ...beginning, format: "parquet" });
    const empty = tableNames.filter((name) => lines.rows[name] === 0);
    expect(empty).toEqual(expect.arrayContaining(["questions", "examples"]));
    expect(lines.rows["answers"]).toBeGreaterThan(0);
    const loaded = await loadedTables([lines.to, columns.to], path.join(out, "cache"));
    for (const found of loaded)
      expect(Object.keys(found).toSorted()).toEqual(tableNames.filter((name) => !empty.includes(name)).toSorted());
    const files = await parquetTables(columns.to, path.join(out, "cache"));
    for (const name of tableNames)
      expect(files[name]).toEqual({ rows: lines.rows[name], columns: tables[name].columns.map((item) => item.name) });
    const card = await readFile(path.join(columns.to, "README.md"), "utf8");
    expect(card.match(/`datasets` loads no table without rows/g)).toHaveLength(empty.length);
  });

  test("any text and any number come through both formats, over several row groups", async () => {
    const columns: Column[] = [
      { name: "text", type: "string", about: "" },
      { name: "whole", type: "int", about: "" },
      { name: "real", type: "double", about: "" },
      { name: "flag", type: "boolean", about: "" },
    ];
    const row = fc.record({
      text: fc.option(
        fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.constant("\ud800 \0 汉字")),
      ),
      whole: fc.option(fc.maxSafeInteger()),
      real: fc.option(fc.double()),
      flag: fc.option(fc.boolean()),
    });
    const rows = fc.sample(row, { numRuns: 500, seed: 7 });
    for (const [format, make] of [
      ["jsonl", jsonLines],
      ["parquet", (file: string, c: Column[]) => parquet(file, c, 100)],
    ] as const) {
      await mkdir(path.join(out, `any-${format}`, "data"), { recursive: true });
      const file = await make(path.join(out, `any-${format}`, "data", `rows.${format}`), columns);
      for (const item of rows) await file.add(item);
      await file.close();
      const card = `---\nconfigs:\n  - config_name: rows\n    data_files: data/rows.${format}\n---\n`;
      await writeFile(path.join(out, `any-${format}`, "README.md"), card);
    }
    const [a, b] = await loadedTables(
      [path.join(out, "any-jsonl"), path.join(out, "any-parquet")],
      path.join(out, "cache"),
    );
    expect(b?.["rows"]).toMatchObject({
      rows: 500,
      row_groups: 5,
      types: { text: "string", whole: "int64", real: "float64", flag: "bool" },
    });
    const wanted = rows.map((item) => ({
      ...item,
      text: item.text?.toWellFormed() ?? null,
      real: item.real !== null && Number.isFinite(item.real) ? item.real : null,
    }));
    expect(b?.["rows"]?.content).toEqual(wanted);
    expect(a?.["rows"]?.content).toEqual(wanted);
  });

  test("of a run at work, what is durable so far; of one whose payload was trimmed, all texts", async () => {
    const engine = await sortingEngine(model);
    const { run } = await superviseAgainst(home, model, engine, {
      change: (config) => Object.assign(config.payload, { keep: "text" }),
    });
    await engine.close();
    const whole = await exported(run, "trimmed", { checkpoint: null });
    expect(whole.unreadable).toEqual({ count: 0, first: null });
    const half = await exported(run, "half", { checkpoint: null, upTo: 300 });
    for (const table of ["questions", "answers"] as const) {
      const [all, some] = await Promise.all([linesOf(whole.to, table), linesOf(half.to, table)]);
      expect(some.length).toBeGreaterThan(0);
      expect(all.length).toBeGreaterThan(some.length);
      const texts = new Map(all.map((row) => [row["id"], row["text"]]));
      for (const { id, text } of some) expect(texts.get(id)).toBe(text);
    }
    await rm(path.join(run, "packs"), { recursive: true });
    const without = await exported(run, "without", { checkpoint: null });
    expect(without.unreadable.count).toBeGreaterThan(0);
    expect(without.unreadable.first).toMatch(/the file is not there/);
    expect(without.rows).toEqual(whole.rows);
  });

  async function endOfFirstAudit(run: string): Promise<number> {
    for await (const { record } of readJournal(run))
      if (record.type === "stage" && record["phase"] === "end") return record.seq;
    throw new Error("the run has no stage that ended");
  }

  async function linesOf(to: string, table: string): Promise<Record<string, unknown>[]> {
    const text = await readFile(path.join(to, "data", `${table}.jsonl`), "utf8");
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
});

describe("models", () => {
  test("`transformers` loads all parameters, `peft` an adapter; merged it is the same model", async () => {
    const whole = await exported(full, "model");
    expect(whole.models.map((item) => item.kind)).toEqual(["full", "full"]);
    const solver = whole.models.find((item) => item.folder.includes("solver"))?.folder ?? "";
    const names = await readdir(path.join(whole.to, solver));
    expect(names).toEqual(
      expect.arrayContaining([
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
      ]),
    );
    expect(names.filter((name) => /optimizer|MANIFEST/.test(name))).toEqual([]);
    expect(await readFile(path.join(whole.to, solver, "README.md"), "utf8")).toContain(path.basename(full));

    const run = await realRun((config) => {
      config.policy = { kind: "lora", rank: 4 };
      for (const role of [config.challenger, config.solver]) role.optimizer.learningRate = 1e-2;
    });
    const adapters = await exported(run, "adapters", { role: "solver" });
    expect(adapters.models.map((item) => item.kind)).toEqual(["lora"]);
    const to = path.join(out, "merged");
    const options = { to, format: "jsonl", what: ["checkpoints"], role: "solver", merge: true } as const;
    expect(await exportCommand(fakeWorld(), run, { ...options, what: [...options.what] })).toBe(0);

    const folder = adapters.models[0]?.folder ?? "";
    const logits = await loadedModels(
      {
        base: model,
        full: path.join(whole.to, solver),
        adapter: path.join(adapters.to, folder),
        merged: path.join(to, folder),
      },
      out,
    );
    expect(new Set(logits.eos).size).toBe(1);
    expect(gap(logits.base, logits.full)).toBeGreaterThan(1e-4);
    expect(gap(logits.base, logits.adapter)).toBeGreaterThan(1e-3);
    expect(gap(logits.adapter, logits.merged)).toBeLessThan(1e-4);
  }, 400_000);

  function gap(a: number[], b: number[]): number {
    return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
  }
});

describe("an export is whole or not there, and changes nothing", () => {
  test("what is there is never overwritten", async () => {
    const to = path.join(out, "taken");
    await mkdir(to);
    await writeFile(path.join(to, "mine"), "");
    await expect(exported(full, "taken")).rejects.toThrow(/is there already, and an export overwrites nothing/);
    expect(await readdir(to)).toEqual(["mine"]);
  });

  test("cancelled, or asked for what is not there, it leaves nothing behind", async () => {
    const abort = new AbortController();
    abort.abort(new Error("the test says so"));
    await expect(exported(full, "cancelled", { signal: abort.signal })).rejects.toThrow("the test says so");
    await expect(exported(full, "nothing", { checkpoint: "9" })).rejects.toThrow(
      /No saved checkpoint is '9'.*There are: /,
    );
    expect((await readdir(out)).filter((name) => /cancelled|nothing/.test(name))).toEqual([]);
  });

  test("killed in the middle it leaves no directory of that name, and the next one clears up", async () => {
    const main = path.resolve(import.meta.dirname, "../../remote-agent/src/cli.ts");
    const to = path.join(out, "killed");
    // It stops before its last step, so that it is killed before it whatever else the machine does.
    const halting = `import fs from "node:fs/promises"; import { syncBuiltinESMExports } from "node:module";
      const { rename } = fs;
      fs.rename = (from, to) => String(to).endsWith("/killed") ? new Promise(() => setInterval(() => {}, 1000)) : rename(from, to);
      syncBuiltinESMExports();`;
    const preload = `data:text/javascript,${encodeURIComponent(halting)}`;
    const args = ["--import", preload, main, "export", full, "--to", to];
    const child = spawn(process.execPath, args, { env: home.env, stdio: "ignore" });
    await expect
      .poll(async () => (await readdir(out)).filter((name) => name.startsWith(".killed")), {
        timeout: 60_000,
        interval: 1,
      })
      .toHaveLength(1);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    expect(await readdir(out)).not.toContain("killed");
    await exported(full, "killed");
    expect((await readdir(out)).filter((name) => name.includes("killed"))).toEqual(["killed"]);
  });

  test("a full disk ends it with a sentence and leaves nothing", async () => {
    const main = path.resolve(import.meta.dirname, "../../remote-agent/src/cli.ts");
    const small = path.join(out, "small-disk");
    await mkdir(small);
    const script =
      'mount -t tmpfs -o size=256k tmpfs "$1" && "$2" "$3" export "$4" --to "$1/export" --what checkpoints; code=$?; ls -A "$1"; exit $code';
    const args = ["--map-root-user", "--mount", "sh", "-c", script, "sh", small, process.execPath, main, full];
    const child = spawn("unshare", args, { env: home.env, stdio: ["ignore", "pipe", "pipe"] });
    let [left, said] = ["", ""];
    child.stdout.on("data", (text) => {
      left += text;
    });
    child.stderr.on("data", (text) => {
      said += text;
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(1);
    expect(said).toMatch(/There is no room to store the export in .*; free space or raise the quota/);
    expect(left).toBe("");
  });

  test("no path of this machine, name of this host or token is in it", async () => {
    const engine = await sortingEngine(model);
    const { run } = await superviseAgainst(home, model, engine);
    await engine.close();
    const { to } = await exported(run, "private", { checkpoint: null });
    const { to: models } = await exported(full, "private-models");
    const secrets = [engine.token, engine.url, home.home, path.dirname(model), hostname(), tmpdir()];
    for (const directory of [to, models]) {
      for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || entry.name.endsWith(".safetensors")) continue;
        const content = await readFile(path.join(entry.parentPath, entry.name), "utf8");
        for (const secret of secrets) expect(content.includes(secret), `${secret} in ${entry.name}`).toBe(false);
      }
    }
  });
});

function fakeWorld() {
  const silent = { write: () => true } as unknown as NodeJS.WriteStream;
  return {
    env: { ...home.env, RZERO_PYTHON: home.python },
    mainUrl: new URL("../../remote-agent/src/cli.ts", import.meta.url).href,
    program: "rzero",
    stdin: process.stdin,
    stdout: silent,
    stderr: silent,
    now: () => Date.now(),
    availableMemory: () => 2 ** 34,
    onInterrupt: () => () => undefined,
  };
}
