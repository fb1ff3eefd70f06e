// `npm run gpu-check`: the engine's tests, the demo and tokens a second on this machine's GPU; the report goes to dist/.
// Without a GPU it says so and ends with exit code 2.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "./setup/paths.mjs";

const python = process.env.RZERO_PYTHON ?? "python3";
const limitMs = 60 * 60_000;

const look = `
import json, torch
if not torch.cuda.is_available():
    print(json.dumps({"why": f"torch {torch.__version__} sees no CUDA device"}))
else:
    p = torch.cuda.get_device_properties(0)
    print(json.dumps({"name": p.name, "memory_gib": round(p.total_memory / 2**30, 1), "torch": torch.__version__,
                      "cuda": torch.version.cuda, "bf16": torch.cuda.is_bf16_supported()}))
`;

function device() {
  try {
    const lines = execFileSync(python, ["-c", look], { encoding: "utf8", timeout: 120_000 }).trim().split("\n");
    return JSON.parse(lines.at(-1) ?? "{}");
  } catch (error) {
    return { why: `torch could not be asked (${String(error.message).split("\n")[0]})` };
  }
}

const gpu = device();
if (!gpu.name) {
  console.error(`There is no GPU to check here: ${gpu.why}. Nothing was run and no report was written.`);
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), "rzero-gpu-"));
const env = { ...process.env, RZERO_TEST_DEVICE: "cuda" };
const rows = [];
let figures = [];
try {
  const engine = join(root, "remote-agent/engine");
  step("engine tests, float32 on the GPU", python, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], engine);
  step(
    "the demo, engine on the GPU",
    process.execPath,
    [join(root, "scripts/bench.mjs"), "overhead", "--device", "cuda"],
    root,
  );
  const measure = join(root, "test/bench/gpu.measure.py");
  env.PYTHONPATH = [engine, join(root, "test/bench")].join(delimiter);
  const demo = demoFolder();
  figures = step("tokens a second", python, [measure, ...(demo ? ["--demo", demo] : [])], root)
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const folder = join(root, "dist");
if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
const file = join(folder, "gpu-check.md");
writeFileSync(file, report());
console.log(`Wrote ${file}.`);
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;

function step(what, program, args, cwd) {
  console.log(`▶ ${what}`);
  const log = join(scratch, `${rows.length}.log`);
  const started = Date.now();
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: limitMs,
    maxBuffer: 2 ** 28,
  });
  writeFileSync(log, `${stdout ?? ""}${stderr ?? ""}`);
  const last = readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "";
  const ok = status === 0;
  if (!ok) process.stderr.write(readFileSync(log, "utf8").slice(-4000));
  rows.push({
    what,
    ok,
    seconds: Math.round((Date.now() - started) / 1000),
    last: error ? error.message : last.slice(0, 200),
  });
  return stdout ?? "";
}

/** The demo's base model, which the step before has put into the cache. */
function demoFolder() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "rzero/models");
  const found = existsSync(folder) ? readdirSync(folder).filter((name) => /^demo-.*-seed\d+$/.test(name)) : [];
  return found.length === 0 ? undefined : join(folder, found[0]);
}

function figureLine(row) {
  const rate = (value) => (value === undefined ? "" : Math.round(value).toLocaleString("en"));
  const generate = row.generate_tokens_per_s && `${rate(row.generate_tokens_per_s)} (${row.speedup.toFixed(2)} ×)`;
  return `| ${row.case} | ${rate(row.tokens_per_s)} | ${generate ?? ""} | ${row.seconds?.toFixed(2) ?? ""} | ${row.peak_gib.toFixed(1)} |`;
}

function report() {
  const line = ({ what, ok, seconds, last }) =>
    `| ${what} | ${ok ? "passed" : "**failed**"} | ${seconds} | ${last.replaceAll("|", "\\|")} |`;
  return `# On a GPU

\`\`\`
npm run gpu-check
\`\`\`

${new Date().toISOString().slice(0, 10)} · ${gpu.name}, ${gpu.memory_gib} GiB, torch ${gpu.torch}, CUDA ${gpu.cuda}, bf16 ${gpu.bf16 ? "yes" : "no"}

| what | result | s | last line |
|---|---|---|---|
${rows.map(line).join("\n")}

Weights of the Qwen3 shapes are random: what they cost is the same. The baseline of sampling is transformers' \`generate()\` on the same weights, prompts and numbers of tokens.

| case | tokens/s | generate(), tokens/s | s | peak, GiB |
|---|---|---|---|---|
${figures.map(figureLine).join("\n")}
`;
}
