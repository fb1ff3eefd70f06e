import { describe, expect, test } from "vitest";
import { plainLines } from "../../../remote-agent/src/cli/plainLines.ts";
import { recordLine } from "../../../remote-agent/src/cli/recordLine.ts";
import type { AlarmRecord } from "../../../remote-agent/src/protocol/records.ts";
import { emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import { asRunRecord } from "../../../remote-agent/src/run/opened.ts";
import { config, rzero, stored, temporaryHome, wholeRun, writeRun } from "../cli/support.ts";

const RUN = "20261122-143000-demo-aaaa";
const alarm = (more: Partial<AlarmRecord> = {}): AlarmRecord => ({
  type: "alarm",
  phase: "raised",
  rule: "auditFalls",
  episode: "auditFalls:solver:1",
  role: "solver",
  iteration: 3,
  stage: "audit",
  step: null,
  values: { before: 0.7, accuracy: 0.6 },
  limits: { drop: 0.02 },
  message: "Iteration 3, audit: the Solver's reward rose while its accuracy on held-out questions fell.",
  stops: true,
  good: { at: "2", checkpoints: {} },
  ...more,
});
const disk = alarm({ rule: "disk", episode: "disk:run:9", message: "0.4 GB are left.", stops: false, good: null });

async function homeOfRuns(): Promise<string> {
  const home = await temporaryHome();
  await writeRun(home, RUN, [...wholeRun(), alarm(), disk, { ...disk, phase: "over" }]);
  await writeRun(home, "20261122-143000-calm-bbbb", wholeRun());
  return home;
}

describe("rzero alarms", () => {
  test("what was measured, what it means, and where to begin again", async () => {
    const { code, out } = await rzero(await homeOfRuns(), ["alarms", "demo"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^! 2026-11-22 \S+ +reward rises while the audit falls$/m);
    expect(out).toMatch(/its accuracy on held-out\s+questions fell/);
    expect(out).toMatch(/It stopped the run/);
    expect(out).toMatch(/fork 20261122-143000-demo-aaaa --at 2/);
    expect(out).toMatch(/^• .*disk nearly full \(over since 2026-11-22/m);
  });

  test("as JSON, and that there was none", async () => {
    const home = await homeOfRuns();
    const { out } = await rzero(home, ["alarms", "demo", "--json"]);
    const said = JSON.parse(out) as { run: string; alarms: { rule: string; over: number | null }[] };
    expect(said.alarms.map(({ rule, over }) => [rule, over === null])).toEqual([
      ["auditFalls", true],
      ["disk", false],
    ]);
    expect((await rzero(home, ["alarms", "calm"])).out).toMatch(/^No alarm was raised\./);
  });

  test("rzero show has those that hold", async () => {
    const home = await homeOfRuns();
    const { out } = await rzero(home, ["show", "demo"]);
    expect(out).toMatch(/! alarm: Iteration 3, audit/);
    expect(out).not.toMatch(/0\.4 GB/);
    expect((await rzero(home, ["show", "calm"])).out).not.toMatch(/alarm/);
  });
});

test("what follows a run says when one is raised and when it is over", () => {
  const line = plainLines(config);
  const texts = stored([alarm(), disk, { ...disk, phase: "over" }]).map((record) => line(emptyRunView(), record));
  expect(texts.map((text) => text?.replace(/^\S+ +/, ""))).toEqual([
    `alarm: ${alarm().message}`,
    "alarm: 0.4 GB are left.",
    "alarm over: disk nearly full",
  ]);
  const misleading = alarm({ good: { at: "1; rm -rf ~", checkpoints: {} } });
  expect(asRunRecord({ ...misleading, v: 1, seq: 1, epoch: 1, t: 0 })).toBeNull();
  const hostile = stored([alarm({ message: "a\u001b[2Jb\nc" })]).map(recordLine);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  expect(hostile[0]).not.toMatch(/[\u001b\n]/);
});
