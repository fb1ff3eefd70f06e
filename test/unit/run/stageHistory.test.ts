import { expect, test } from "vitest";
import type { RunRecord, Stored } from "../../../remote-agent/src/protocol/records.ts";
import { StageHistory } from "../../../remote-agent/src/run/stageHistory.ts";

const at = (t: number, record: Record<string, unknown>) =>
  ({ v: 1, seq: t, epoch: 1, t, ...record }) as unknown as Stored<RunRecord>;
const stage = (t: number, phase: "begin" | "end", key: string) => at(t, { type: "stage", phase, key });
const owner = (t: number) => at(t, { type: "owner" });

test("time of a stage adds up over owners that died in it; time between owners and ended stages do not count", () => {
  const history = new StageHistory();
  const records = [
    owner(0),
    stage(0, "begin", "audit"),
    stage(1000, "end", "audit"),
    stage(2000, "begin", "solver"),
    at(5000, { type: "notice" }),
    owner(60_000),
    stage(61_000, "begin", "solver"),
    at(63_000, { type: "notice" }),
  ];
  for (const record of records) history.visit(record);
  expect([...history.afterAllOwners()]).toEqual([["solver", 5]]);
});
