import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { momentOf } from "../../../remote-agent/src/cli/logs.ts";
import { formatLine } from "../../../remote-agent/src/run/logs/line.ts";
import { rzero, T0, temporaryHome, writeRun } from "./support.ts";

const ESC = String.fromCharCode(27);

async function homeWithLogs(): Promise<string> {
  const home = await temporaryHome();
  const logs = path.join(await writeRun(home, "20261122-1-demo-aaaa", []), "logs");
  const agent = [0, 2, 4].map((s) => formatLine(T0 + 1000 * s, "info", "agent", `agent ${s}`));
  await writeFile(path.join(logs, "agent.log"), agent.join(""));
  await writeFile(
    path.join(logs, "engine.log"),
    `loading\n${formatLine(T0 + 1000, "info", "engine", `${ESC}[31mengine 1${ESC}[0m${ESC}[2J`)}Traceback\n`,
  );
  return home;
}

const texts = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => line.slice(40));

it("shows all logs by time; a line without a time stands with the one above, or first", async () => {
  const { out, code } = await rzero(await homeWithLogs(), ["logs", "last"]);
  expect(code).toBe(0);
  expect(out.split("\n")[1]).toBe("2026-11-22T14:30:00.000Z INFO    agent  agent 0");
  expect(texts(out)).toEqual(["loading", "agent 0", "engine 1", "Traceback", "agent 2", "agent 4"]);
});

it("shows only the last lines, those of one log, or those since a moment", async () => {
  const home = await homeWithLogs();
  const shown = async (...args: string[]) => texts((await rzero(home, ["logs", "last", ...args])).out);
  expect(await shown("--lines", "2")).toEqual(["agent 2", "agent 4"]);
  expect(await shown("--source", "engine")).toEqual(["loading", "engine 1", "Traceback"]);
  // The clock of these tests stands a minute after T0.
  expect(await shown("--since", "58s")).toEqual(["agent 2", "agent 4"]);
  expect(await shown("--since", new Date(T0 + 4000).toISOString())).toEqual(["agent 4"]);
  expect((await rzero(home, ["logs", "last", "--lines", "0"])).out).toBe("");
});

it("follows a resting run to its end, which is here", async () => {
  const { out, code } = await rzero(await homeWithLogs(), ["logs", "last", "--follow", "--json"]);
  expect(code).toBe(0);
  expect(
    out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).source),
  ).toHaveLength(6);
});

it("says which logs there are, and how a moment is written", async () => {
  const home = await homeWithLogs();
  expect(await rzero(home, ["logs", "last", "--source", "grader"])).toMatchObject({
    code: 2,
    err: "This run has no log 'grader'. It has: agent, engine.\n",
  });
  expect((await rzero(home, ["logs", "last", "--since", "yesterday"])).err).toContain("2026-11-26T21:30:00Z");
});

it("reads durations and times", () => {
  const now = 10 * 86_400_000;
  expect([momentOf("90s", now), momentOf("10m", now), momentOf("2h", now), momentOf("3d", now)]).toEqual([
    now - 90_000,
    now - 600_000,
    now - 7_200_000,
    now - 3 * 86_400_000,
  ]);
  expect(momentOf("2026-11-26T21:30:00Z", now)).toBe(Date.UTC(2026, 10, 26, 21, 30));
  for (const text of ["", "10", "m", "-5m", "2026-13-40", "tomorrow"]) expect(() => momentOf(text, now)).toThrow();
});
