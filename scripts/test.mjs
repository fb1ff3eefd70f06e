// All layers of tests in sequence; the last line counts them: "N passed, N failed", and ", N skipped" when there are any.
// `npm test -- unit engine` runs only these layers.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";
import { add, line, passes, zero } from "./test/count.mjs";
import { layers } from "./test/layers.mjs";

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !layers.some((layer) => layer.name === name));
if (unknown.length > 0) {
  console.error(`No layer “${unknown.join("”, “")}”. Layers: ${layers.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), "rzero-test-"));
const rows = [];
let total = zero;
try {
  for (const layer of layers.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    console.log(`\n▶ ${layer.name}`);
    const started = Date.now();
    const count = await layer.run({ root, scratch });
    rows.push(
      `${passes(count) ? "✓" : "✗"} ${layer.name.padEnd(10)} ${line(count)}, ${Math.round((Date.now() - started) / 1000)} s`,
    );
    total = add(total, count);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

console.log(`\n${rows.join("\n")}\n`);
const strict = process.env.RZERO_FAIL_ON_SKIP === "1";
if (strict && total.skipped > 0) console.log("Skipped tests count as a failure here.");
process.exitCode = passes(total, { strict }) ? 0 : 1;
console.log(line(total));
