// `npm run package [-- --out FILE]`: dist/rzero-<version>.vsix, to be installed with “Install from VSIX…” or published.
// Asks no network. The package is put together in a folder of its own, so that the checkout's dist stays as it is.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { manifest, packageExtension } from "./package/packageExtension.mjs";
import { oversized } from "./package/sizes.mjs";
import { root } from "./setup/paths.mjs";

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = resolve(values.out ?? join(root, "dist", `rzero-${manifest().version}.vsix`));
const stage = mkdtempSync(join(tmpdir(), "rzero-package-"));
try {
  await packageExtension(stage, out);
  const problems = oversized(stage);
  for (const problem of problems) console.error(`✗ ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  console.log(`${relative(process.cwd(), out)}  ${Math.round(statSync(out).size / 1024)} kB`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
