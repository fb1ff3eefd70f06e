import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageExtension } from "../../../scripts/package/packageExtension.mjs";
import { limits, oversized, sizes } from "../../../scripts/package/sizes.mjs";
import { packPayload } from "../../../src/deploy/payload.ts";

const root = resolve(import.meta.dirname, "../../..");
const run = promisify(execFile);
let folder = "";
let stage = "";
let vsix = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rzero-package-"));
  stage = join(folder, "stage");
  vsix = join(folder, "rzero.vsix");
  await packageExtension(stage, vsix);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const tracked = async (...paths: string[]) =>
  (await run("git", ["ls-files", ...paths], { cwd: root })).stdout.trim().split("\n");

/** Names in a zip, by its central directory (APPNOTE.TXT 4.3.12). */
function namesIn(zip: Buffer): string[] {
  const names: string[] = [];
  for (
    let at = zip.indexOf("PK\u0001\u0002", 0, "latin1");
    at >= 0;
    at = zip.indexOf("PK\u0001\u0002", at + 4, "latin1")
  )
    names.push(zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28)));
  return names;
}

describe("the package of the extension", () => {
  test("holds what it needs and nothing else", async () => {
    const engine = (await tracked("remote-agent/engine/rzero_engine")).filter((name) => name.endsWith(".py"));
    const setup = await tracked("scripts/setup");
    const media = (await tracked("media")).filter((name) => !name.endsWith("icon.svg"));
    const words = await tracked("package.nls*.json", "l10n");
    const expected = [
      ...["LICENSE.txt", "THIRD_PARTY_NOTICES", "changelog.md", "readme.md", "package.json"],
      ...["dist/extension.cjs", ...agent, ...webviews],
      ...["remote-agent/engine/requirements.txt", "remote-agent/engine/requirements-test.txt"],
      ...[...engine, ...setup, ...media, ...words],
    ].map((name) => `extension/${name}`);
    const zip = await readFile(vsix);
    expect(namesIn(zip).sort()).toEqual(["[Content_Types].xml", "extension.vsixmanifest", ...expected].sort());
  });

  test("every part stays within its size", () => {
    expect(sizes(stage).map(({ part }) => part)).toContain("extension");
    for (const { bytes } of sizes(stage)) expect(bytes).toBeGreaterThan(10_000);
    expect(oversized(stage)).toEqual([]);
  });

  test("a part that is too large is named, with what it has and may have", async () => {
    const large = join(folder, "large");
    await run("mkdir", ["-p", join(large, "dist/agent")]);
    await writeFile(join(large, "dist/extension.cjs"), Buffer.alloc(limits.extension + 200_000));
    expect(oversized(large)).toEqual(["The extension has 1424 kB; it may have 1229."]);
  });

  test("deploys from where it is installed: the same payload whatever the editor writes into package.json", async () => {
    const before = await packPayload(stage);
    const manifest = JSON.parse(await readFile(join(stage, "package.json"), "utf8")) as object;
    const installed = { ...manifest, __metadata: { installedTimestamp: 1 } };
    await writeFile(join(stage, "package.json"), JSON.stringify(installed));
    expect((await packPayload(stage)).id).toBe(before.id);
  });
});

const agent = ["rzero", "repetition.worker", "index.worker"].map((name) => `dist/agent/${name}.mjs`);
/** Scripts, styles and the icons' font of the panels that there are. */
const panels = readdirSync(join(root, "webview")).filter((name) =>
  existsSync(join(root, "webview", name, `${name}.ts`)),
);
const webviews = panels.flatMap((name) => [`dist/webview/${name}.js`, `dist/webview/${name}.css`]);
if (panels.length > 0) webviews.push("dist/webview/codicon.ttf");
