import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { editorPrefix } from "../../scripts/demo/leftovers.mjs";
import { cacheRoot } from "../../scripts/setup/paths.mjs";
import { pictureOnFailure } from "./support/evidence.ts";
import { Workbench } from "./support/workbench.ts";

const { missing, browser: endpoint } = inject("e2e");
const checkout = path.resolve(import.meta.dirname, "../..");
const rzero = path.join(checkout, "remote-agent/bin/rzero.mjs");
const LIMIT_MS = 120_000;

describe.skipIf(missing !== null)(`npm run demo in VS Code${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let home: string;
  let env: NodeJS.ProcessEnv;
  let browser: Browser;
  let code: Workbench | undefined;
  let before: string[];
  const started: Started[] = [];

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "rzero-demo-home-"));
    env = {
      ...process.env,
      HOME: home,
      RZERO_HOME: path.join(home, ".rzero"),
      XDG_CACHE_HOME: path.dirname(cacheRoot()),
      PATH: [path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter),
      OMP_NUM_THREADS: "1",
    };
    before = await editors();
    browser = await chromium.connect(endpoint);
  });
  afterAll(async () => {
    for (const { child, ended } of started) {
      if (child.exitCode === null && child.signalCode === null) signal(child, "SIGTERM");
      await ended;
    }
    const runs = await readdir(path.join(home, ".rzero/runs")).catch(() => []);
    for (const run of runs)
      await promisify(execFile)(process.execPath, [rzero, "stop", run], { env }).catch(() => "ended");
    await browser?.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  function start(...args: string[]): Started {
    const argv = [path.join(checkout, "scripts/demo.mjs"), "--editor", "--browser", ...args];
    // A group of its own, as a terminal's foreground job has one: Ctrl-C reaches all of it.
    const child = spawn(process.execPath, argv, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const demo: Started = { child, said: "", ended: new Promise((resolve) => child.once("close", resolve)) };
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        demo.said += text;
      });
    started.push(demo);
    return demo;
  }

  /** Editors of this test; a demo of somebody else may be at work. */
  const leftovers = async () => (await editors()).filter((name) => !before.includes(name));

  async function signedIn(demo: Started): Promise<Workbench> {
    const page = await browser.newPage();
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(await saying(demo, /file:\/\/\S+open\.html/));
    return new Workbench(page);
  }

  test("shows the run while it learns, and Ctrl-C leaves the run at work", async () => {
    pictureOnFailure(() => code);
    const demo = start("--iterations", "1");
    code = await signedIn(demo);
    const run = (await saying(demo, /Run (\S+) in /)).split(" ")[1] ?? "";
    await code.line(/^demo, /).waitFor({ timeout: LIMIT_MS });
    signal(demo.child, "SIGINT");
    expect(await demo.ended).toBe(130);
    expect(demo.said).toContain(`Run ${run} goes on.`);
    expect(demo.said).toContain(`npm run demo -- --open ${run}`);
    expect(await leftovers()).toEqual([]);
    const { stdout } = await promisify(execFile)(process.execPath, [rzero, "show", run, "--json"], { env });
    expect(JSON.parse(stdout)).toMatchObject({ live: true });
    await code.close();
  });

  test("refuses other users of the machine: without the password there is no editor", async () => {
    const demo = start("--open", (await readdir(path.join(home, ".rzero/runs")))[0] ?? "");
    const url = /http:\S+/.exec(await saying(demo, /VS Code: http:\S+/))?.[0] ?? "";
    const answer = await fetch(url, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, expect.stringContaining("login")]);
    const file = (await saying(demo, /file:\/\/\S+open\.html/)).slice("file://".length);
    expect(await readFile(file, "utf8")).toContain("password");
    code = await signedIn(demo);
    await code.line(/^demo, /).waitFor({ timeout: LIMIT_MS });
    signal(demo.child, "SIGINT");
    expect(await demo.ended).toBe(0);
    expect(await leftovers()).toEqual([]);
  });
});

interface Started {
  readonly child: ChildProcess;
  said: string;
  readonly ended: Promise<unknown>;
}

async function saying(demo: Started, pattern: RegExp): Promise<string> {
  await expect.poll(() => demo.said, { timeout: LIMIT_MS, interval: 100 }).toMatch(pattern);
  return pattern.exec(demo.said)?.[0] ?? "";
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid !== undefined) process.kill(-child.pid, name);
}

async function editors(): Promise<string[]> {
  return (await readdir(cacheRoot())).filter((name) => name.startsWith(editorPrefix));
}
