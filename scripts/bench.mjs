// `npm run bench -- NAME [--json] [arguments]`: runs test/bench/NAME.ts, which exports
//   run(options: { args: string[]; emit: (row: Row) => void; log: (line: string) => void }): Promise<Row[] | void>
// A row is flat JSON with `bench` and `case`, and the figures. With --json standard output has one row per line and
// nothing else; without it, a table. With --help it says what the benchmark measures and takes, and starts nothing.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { about } from "./bench/about.mjs";
import { root } from "./setup/paths.mjs";

const folder = join(root, "test/bench");
const [name = "", ...rest] = process.argv.slice(2);
const json = rest.includes("--json");
const args = rest.filter((argument) => argument !== "--json");
const file = join(folder, `${name}.ts`);

const usage = `Usage: npm run bench -- NAME [--json] [arguments], or NAME --help. Benchmarks: ${benchmarks().join(", ")}.`;
const wantsHelp = (given) => given === "--help" || given === "-h";

if (wantsHelp(name)) {
  console.log(usage);
  process.exit(0);
}
if (!/^[\w-]+$/.test(name) || !existsSync(file)) {
  console.error(usage);
  process.exit(2);
}
if (rest.some(wantsHelp)) {
  console.log(about(readFileSync(file, "utf8")));
  process.exit(0);
}

const rows = [];
const emit = (row) => {
  rows.push(row);
  if (json) process.stdout.write(`${JSON.stringify(row)}\n`);
};
const { run } = await import(pathToFileURL(file).href);
const returned = await run({ args, emit, log: (line) => process.stderr.write(`${line}\n`) });
for (const row of returned ?? []) if (!rows.includes(row)) emit(row);

if (!json) console.log(table(rows));
if (rows.some((row) => row.within_budget === false || row.holds === false)) process.exitCode = 1;
if (rows.length === 0) {
  console.error(`The benchmark “${name}” reported no rows.`);
  process.exitCode = 1;
}

function benchmarks() {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((entry) => entry.endsWith(".ts"))
    .filter((entry) => !entry.endsWith(".d.ts"))
    .map((entry) => entry.slice(0, -3));
}

/** One line per row: `case` first, then `name value` pairs, numbers to four significant digits. */
function table(all) {
  const value = (x) => (typeof x === "number" && !Number.isInteger(x) ? Number(x.toPrecision(4)) : x);
  const wide = Math.max(0, ...all.map((row) => String(row.case).length));
  return all
    .map(({ bench: _, case: label, ...figures }) => {
      const pairs = Object.entries(figures).map(
        ([key, x]) => `${key} ${typeof x === "object" ? JSON.stringify(x) : value(x)}`,
      );
      return `${String(label).padEnd(wide)}  ${pairs.join("  ")}`;
    })
    .join("\n");
}
