import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

/** A small tree that breaks each rule once, next to imports that are allowed. Values are the imports of each file. */
const tree: Record<string, string[]> = {
  "remote-agent/src/protocol/records.ts": ["../scoring/blind.ts"],
  "remote-agent/src/scoring/blind.ts": [],
  "remote-agent/src/scoring/reward.ts": ["./blind.ts", "../protocol/events.ts", "../run/clock.ts"],
  "remote-agent/src/protocol/events.ts": [],
  "remote-agent/src/run/clock.ts": [],
  "remote-agent/src/run/journal/store.ts": ["../../protocol/events.ts", "../../engine/client.ts"],
  "remote-agent/src/engine/client.ts": ["../protocol/events.ts", "../scoring/blind.ts"],
  "remote-agent/src/verbs/learn.ts": ["../engine/client.ts", "../run/clock.ts", "../recipes/allowed.ts"],
  "remote-agent/src/recipes/allowed.ts": ["../verbs/plain.ts", "../scoring/blind.ts", "../protocol/events.ts"],
  "remote-agent/src/recipes/reaches.ts": ["../engine/client.ts"],
  "remote-agent/src/verbs/plain.ts": [],
  "remote-agent/src/cli.ts": ["./recipes/allowed.ts"],
  "remote-agent/src/run/supervisor.ts": ["../cli.ts"],
  "src/extension.ts": ["../remote-agent/src/protocol/events.ts", "../remote-agent/src/run/clock.ts"],
  "src/panels/runs/messages.ts": [],
  "src/panels/runs/view.ts": [],
  "webview/runs.ts": ["../src/panels/runs/messages.ts", "../src/panels/runs/view.ts"],
  "webview/ui/controls.ts": ["@vscode/webview-ui-toolkit"],
  "webview/ui/other.ts": ["@vscode/webview-ui-toolkit"],
  "remote-agent/src/hostinfo/gpu.ts": ["../run/clock.ts"],
  "remote-agent/src/sandbox/launch.ts": ["../hostinfo/gpu.ts", "../scoring/blind.ts"],
  "remote-agent/src/grading/pool.ts": ["../sandbox/launch.ts", "../scoring/blind.ts", "../run/clock.ts"],
  "remote-agent/src/slurm/queue.ts": ["../run/clock.ts", "../scoring/blind.ts"],
  "remote-agent/src/modelText/visible.ts": ["../protocol/events.ts"],
  "remote-agent/src/report/page.ts": ["../modelText/visible.ts", "../protocol/events.ts", "../run/clock.ts"],
  "webview/text.ts": ["../remote-agent/src/modelText/visible.ts"],
  "remote-agent/src/hostinfo/a.ts": ["./b.ts"],
  "remote-agent/src/hostinfo/b.ts": ["./a.ts"],
};

interface Violation {
  from: string;
  to: string;
  rule: { name: string };
}

let fixture = "";
let violations: Violation[] = [];

beforeAll(async () => {
  fixture = await mkdtemp(join(tmpdir(), "rzero-imports-"));
  for (const [path, imports] of Object.entries(tree)) {
    await mkdir(dirname(join(fixture, path)), { recursive: true });
    const lines = imports.map((target, i) => `import type { x as x${i} } from "${target}";`);
    // Values on both sides: a cycle of types alone is allowed.
    const values = imports.map((target, i) => `import { x as v${i} } from "${target}";`);
    const body = /hostinfo\/[ab]\.ts$/.test(path) ? values : lines;
    await writeFile(join(fixture, path), `${body.join("\n")}\nexport const x = 1;\n`);
  }
  await copyFile(join(root, ".dependency-cruiser.cjs"), join(fixture, ".dependency-cruiser.cjs"));
  await copyFile(join(root, "tsconfig.json"), join(fixture, "tsconfig.json"));
  await copyFile(join(root, "package.json"), join(fixture, "package.json"));
  await symlink(join(root, "node_modules"), join(fixture, "node_modules"), "dir");
  const cli = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = [cli, "--config", ".dependency-cruiser.cjs", "--output-type", "json", "remote-agent", "src", "webview"];
  const out = await new Promise<string>((done, fail) => {
    execFile(process.execPath, args, { cwd: fixture, maxBuffer: 1 << 26, timeout: 60_000 }, (error, stdout) => {
      if (stdout === "") fail(error ?? new Error("dependency-cruiser printed nothing"));
      else done(stdout);
    });
  });
  const found: Violation[] = JSON.parse(out).summary.violations;
  // Packages lie where the link leads to.
  violations = found.map((v) => ({ ...v, to: v.to.replace(/^.*node_modules\//, "node_modules/") }));
}, 90_000);

afterAll(() => rm(fixture, { recursive: true, force: true }));

/** [rule, importing file, imported file], all below remote-agent/src unless they say otherwise. */
const broken: [string, string, string][] = [
  ["protocol-alone", "remote-agent/src/protocol/records.ts", "remote-agent/src/scoring/blind.ts"],
  ["pure-core", "remote-agent/src/scoring/reward.ts", "remote-agent/src/run/clock.ts"],
  ["journal-below-all", "remote-agent/src/run/journal/store.ts", "remote-agent/src/engine/client.ts"],
  ["engine-client-alone", "remote-agent/src/engine/client.ts", "remote-agent/src/scoring/blind.ts"],
  ["host-facts-alone", "remote-agent/src/hostinfo/gpu.ts", "remote-agent/src/run/clock.ts"],
  ["verbs-below-recipes", "remote-agent/src/verbs/learn.ts", "remote-agent/src/recipes/allowed.ts"],
  ["recipe-over-verbs", "remote-agent/src/recipes/reaches.ts", "remote-agent/src/engine/client.ts"],
  ["sandbox-alone", "remote-agent/src/sandbox/launch.ts", "remote-agent/src/scoring/blind.ts"],
  ["grading-over-sandbox", "remote-agent/src/grading/pool.ts", "remote-agent/src/run/clock.ts"],
  ["slurm-over-run", "remote-agent/src/slurm/queue.ts", "remote-agent/src/scoring/blind.ts"],
  ["model-text-alone", "remote-agent/src/modelText/visible.ts", "remote-agent/src/protocol/events.ts"],
  ["report-pure", "remote-agent/src/report/page.ts", "remote-agent/src/run/clock.ts"],
  ["cli-is-the-root", "remote-agent/src/run/supervisor.ts", "remote-agent/src/cli.ts"],
  ["host-protocol-only", "src/extension.ts", "remote-agent/src/run/clock.ts"],
  ["webview-messages-only", "webview/runs.ts", "src/panels/runs/view.ts"],
  ["controls-only", "webview/ui/other.ts", "node_modules/@vscode/webview-ui-toolkit/dist/index.js"],
];

describe("import rules", () => {
  test.each(broken)("%s: %s may not import %s", (name, from, to) => {
    expect(violations.map((v) => [v.rule.name, v.from, v.to])).toContainEqual([name, from, to]);
  });

  test("a cycle of values is an error", () => {
    expect(violations.filter((v) => v.rule.name === "no-cycles").map((v) => v.from)).toContain(
      "remote-agent/src/hostinfo/a.ts",
    );
  });

  test("what the rules allow is not reported", () => {
    const expected = new Set(broken.map(([name, from, to]) => `${name} ${from} ${to}`));
    const other = violations.filter(
      (v) => v.rule.name !== "no-cycles" && !expected.has(`${v.rule.name} ${v.from} ${v.to}`),
    );
    expect(other).toEqual([]);
  });
});
