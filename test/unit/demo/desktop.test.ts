import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { desktopEditor } from "../../../scripts/demo/editors.mjs";
import { installedCode } from "../../../scripts/demo/system.mjs";

/** A `code` that writes down how it is called, a line of JSON each, and stays open while a file `open` lies beside it. */
async function fakeCode({ version = "1.105.1", installs = 0 } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-code-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const bin = path.join(folder, "bin");
  await mkdir(bin);
  const calls = path.join(folder, "calls");
  await writeFile(path.join(folder, "open"), "");
  const script = `#!/bin/sh
case "$1" in --version) printf '%s\\nabcdef\\nx64\\n' ${version}; exit 0 ;; esac
for word in "$@"; do printf '%s\\n' "$word"; done >>"${calls}"; echo >>"${calls}"
case " $* " in
  *" --install-extension "*) exit ${installs} ;;
  *" --wait "*) while [ -e "${folder}/open" ]; do sleep 0.05; done ;;
esac
`;
  await writeFile(path.join(bin, "code"), script, { mode: 0o755 });
  const env = { PATH: [bin, process.env["PATH"]].join(path.delimiter), DISPLAY: ":0" };
  return {
    folder,
    env,
    program: path.join(bin, "code"),
    calls: async () => (await readFile(calls, "utf8")).split("\n\n").map((call) => call.split("\n").filter(Boolean)),
    close: () => rm(path.join(folder, "open")),
  };
}

function cacheIn(folder: string): void {
  vi.stubEnv("XDG_CACHE_HOME", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
}

const person = { platform: "linux", uid: 1000 };

describe("the VS Code that is installed", () => {
  test.each([
    ["a new enough one", "1.105.1", {}, "code"],
    ["the oldest that will do", "1.100.0", {}, "code"],
    ["one that is too old", "1.99.3", {}, null],
    ["one that says nothing sensible", "what", {}, null],
    ["the one of another machine, over Remote-SSH", "1.105.1", { VSCODE_IPC_HOOK_CLI: "/run/x.sock" }, null],
    ["one that nobody could see", "1.105.1", { DISPLAY: "" }, null],
  ])("%s", async (_what, version, more, expected) => {
    const { env } = await fakeCode({ version });
    expect(installedCode({ ...person, env: { ...env, ...more } })).toBe(expected);
  });

  test("for root, and where there is none, the one in the browser is used", async () => {
    const { env } = await fakeCode();
    expect(installedCode({ ...person, uid: 0, env })).toBeNull();
    expect(installedCode({ ...person, env: { DISPLAY: ":0", PATH: "/nowhere" } })).toBeNull();
  });
});

describe("a demo in the VS Code that is installed", () => {
  test("has a profile of its own, the extension installed into it, and a new window that is waited for", async () => {
    const code = await fakeCode();
    cacheIn(code.folder);
    const settings = { "rzero.hosts": { local: { root: "/home/me/.rzero" } } };
    const editor = await desktopEditor({ vsix: "/some/rzero.vsix", settings }, code.program);
    const own = path.join(code.folder, "rzero/demo-editor");
    const profile = [`--user-data-dir=${own}/user`, `--extensions-dir=${own}/extensions`];
    await expect
      .poll(async () => (await code.calls()).slice(0, 2))
      .toEqual([
        [...profile, "--install-extension", "/some/rzero.vsix", "--force"],
        [...profile, "--new-window", "--wait", `${own}/R-Zero`],
      ]);
    expect(existsSync(`${own}/R-Zero`)).toBe(true);
    expect(JSON.parse(await readFile(`${own}/user/User/settings.json`, "utf8"))).toMatchObject({
      ...settings,
      "telemetry.telemetryLevel": "off",
    });
    let ended = false;
    editor.ended.then(() => {
      ended = true;
    });
    await editor.close(); // Ctrl-C: the window is the person's
    expect(ended).toBe(false);
    await code.close();
    await editor.ended;
  });

  test("that cannot take the extension says so, and how to go on", async () => {
    const code = await fakeCode({ installs: 1 });
    cacheIn(code.folder);
    await expect(desktopEditor({ vsix: "/some/rzero.vsix", settings: {} }, code.program)).rejects.toMatchObject({
      message: expect.stringContaining("npm run demo -- --browser"),
    });
  });
});
