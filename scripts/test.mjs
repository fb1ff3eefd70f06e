// All layers of tests, two at a time; the last line counts them: "N passed, N failed", and ", N skipped" when there are any.
// `npm test -- unit engine` runs only these layers; RZERO_TEST_LANES=1 runs one after the other.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, constants, tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";
import { add, line, passes, zero } from "./test/count.mjs";
import { inLanes, takingTurns } from "./test/lanes.mjs";
import { checks, layers } from "./test/layers.mjs";

const asked = process.argv.slice(2);
const names = [...checks, ...layers].map(({ name }) => name);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No layer “${unknown.join("”, “")}”. Layers: ${names.join(", ")}.`);
  process.exit(2);
}

const mostLanes = Number(process.env.RZERO_TEST_LANES ?? Math.min(2, availableParallelism()));
const scratch = mkdtempSync(join(tmpdir(), "rzero-test-"));
const turns = takingTurns((text) => process.stdout.write(text));
const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.once(signal, () => {
    turns.rest();
    ending.abort();
    rmSync(scratch, { recursive: true, force: true });
    process.exit(128 + constants.signals[signal]);
  });

/** One layer as a job: its count, what failed, and its line in the table. */
const job = ({ name, run }, lanes) => ({
  name,
  async run(write) {
    const started = Date.now();
    const { count, failures } = await run({ root, scratch, signal: ending.signal, ...(lanes > 1 && { write }) });
    const seconds = Math.round((Date.now() - started) / 1000);
    return {
      name,
      count,
      failures,
      row: `${passes(count) ? "✓" : "✗"} ${name.padEnd(10)} ${line(count)}, ${seconds} s`,
    };
  },
});

const results = [];
const started = Date.now();
try {
  for (const group of [checks, layers]) {
    const wanted = group.filter(({ name }) => asked.length === 0 || asked.includes(name));
    const lanes = Math.min(mostLanes, wanted.length);
    const jobs = wanted.map((layer) => job(layer, lanes));
    results.push(...(await inLanes(jobs, { lanes, turns })));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

for (const { name, failures } of results) for (const failure of failures) console.log(`\n✗ ${name}: ${failure}`);

const total = results.map(({ count }) => count).reduce(add, zero);
console.log(`\n${results.map(({ row }) => row).join("\n")}\n`);
console.log(`${Math.round((Date.now() - started) / 1000)} s in all.`);
const strict = process.env.RZERO_FAIL_ON_SKIP === "1";
if (strict && total.skipped > 0) console.log("Skipped tests count as a failure here.");
process.exitCode = passes(total, { strict }) ? 0 : 1;
console.log(line(total));
