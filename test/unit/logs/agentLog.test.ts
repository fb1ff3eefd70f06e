import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { AgentLog, printedFile } from "../../../remote-agent/src/run/logs/agentLog.ts";

async function runDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "rzero-logs-"));
  await mkdir(path.join(directory, "logs"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

const content = (runDir: string) => readFile(path.join(runDir, "logs", "agent.log"), "utf8");

it("opens nothing before its first line: a process that does not own the run writes none", async () => {
  const runDir = await runDirectory();
  await writeFile(printedFile(runDir), "of another process\n");
  const log = new AgentLog(runDir, () => 0);
  log.close();
  await expect(content(runDir)).rejects.toThrow("ENOENT");
  expect(await readFile(printedFile(runDir), "utf8")).toBe("of another process\n");
});

it("takes over what the process of an owner before it printed when it crashed, once", async () => {
  const runDir = await runDirectory();
  await writeFile(printedFile(runDir), "FATAL ERROR: Reached heap limit\n 1: node::Abort()\n");
  for (const line of ["resuming", "resuming again"]) {
    const log = new AgentLog(runDir, () => 0);
    log.write(line);
    log.write("odd", "warning");
    log.close();
  }
  const lines = (await content(runDir)).trimEnd().split("\n");
  expect(lines.slice(0, 3)).toEqual([
    expect.stringMatching(/ ERROR agent printed by the process:$/),
    "  FATAL ERROR: Reached heap limit",
    "   1: node::Abort()",
  ]);
  expect(lines.slice(3)).toEqual([
    "1970-01-01T00:00:00.000Z INFO agent resuming",
    "1970-01-01T00:00:00.000Z WARNING agent odd",
    "1970-01-01T00:00:00.000Z INFO agent resuming again",
    "1970-01-01T00:00:00.000Z WARNING agent odd",
  ]);
  expect((await stat(printedFile(runDir))).size).toBe(0);
});
