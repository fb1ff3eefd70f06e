import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunRecord, RunState, Stored } from "../../../remote-agent/src/protocol/records.ts";
import { applyRecord, emptyRunView } from "../../../remote-agent/src/protocol/runFold.ts";
import type { HostModel, RunModel } from "../../../src/hosts/hostModel.ts";
import { statusText } from "../../../src/status/statusText.ts";
import { eventsOf, keyOf, nothingSeen } from "../../../src/status/watchEvents.ts";
import { english } from "../../support/english.ts";

const run = (
  id: string,
  state: RunState,
  more: Partial<RunModel> & { reason?: string; remedy?: string } = {},
): RunModel => ({
  id,
  name: id,
  directory: "/",
  createdAt: "2026",
  live: state === "running",
  annotations: null,
  origin: null,
  ...more,
  view: { ...emptyRunView(), state, reason: more.reason ?? null, remedy: more.remedy ?? null },
});
const host = (
  runs: RunModel[] | null,
  link: HostModel["link"] = { kind: "connected", since: 0, lastHeard: 0 },
): HostModel => ({
  id: "node",
  name: "node",
  link,
  runs,
});

describe("what is told, once", () => {
  it("a run that was at work and has ended, with reason and remedy", () => {
    const before = eventsOf(nothingSeen, [host([run("a", "running")])]);
    expect(before.events).toEqual([]);
    const after = eventsOf(before.seen, [host([run("a", "failed", { reason: "No room.", remedy: "Free some." })])]);
    expect(after.events).toEqual([
      expect.objectContaining({ kind: "failed", host: "node", run: "a", reason: "No room.", remedy: "Free some." }),
    ]);
    expect(eventsOf(after.seen, [host([run("a", "failed")])]).events).toEqual([]);
  });

  it("under one name in all windows, whenever they come to know of it, and under another one the next time", () => {
    const { seen } = eventsOf(nothingSeen, [host([run("a", "running")])]);
    const keyAfter = (...records: object[]) => {
      const view = emptyRunView();
      for (const record of records)
        applyRecord(view, { t: 10 * view.seq, seq: view.seq + 1, epoch: 1, ...record } as Stored<RunRecord>);
      if (view.state === "running") view.state = "interrupted"; // as the agent says where nothing works on a run
      const [event] = eventsOf(seen, [host([{ ...run("a", view.state), view }])]).events;
      return event === undefined || event.kind === "hostStopped" ? null : keyOf(event);
    };
    const state = (name: RunState) => ({ type: "state", state: name, reason: null, remedy: null });
    const notice = { type: "notice", level: "info", code: "written-later", message: "" };
    const once = [state("preparing"), state("running")];
    for (const end of [[state("completed")], [state("failed")], []]) {
      const first = keyAfter(...once, ...end);
      expect(first).not.toBeNull();
      expect(keyAfter(...once, ...end, notice)).toBe(first);
      expect(keyAfter(...once, ...end, ...once, ...end)).not.toBe(first);
    }
  });

  it("not what was so when it was first seen, nor what a person did", () => {
    expect(eventsOf(nothingSeen, [host([run("old", "failed"), run("done", "completed")])]).events).toEqual([]);
    const { seen } = eventsOf(nothingSeen, [host([run("a", "running"), run("b", "running")])]);
    expect(eventsOf(seen, [host([run("a", "paused"), run("b", "stopped")])]).events).toEqual([]);
    expect(
      eventsOf(seen, [host([run("a", "paused", { reason: "The disk is full." }), run("b", "running")])]).events,
    ).toHaveLength(1);
  });

  it("what happened while the host was out of reach, when it is back", () => {
    const { seen } = eventsOf(nothingSeen, [host([run("a", "running")])]);
    const away = eventsOf(seen, [host(null, { kind: "idle" })]);
    expect(away.events).toEqual([]);
    expect(eventsOf(away.seen, [host([run("a", "completed")])]).events.map(({ kind }) => kind)).toEqual(["completed"]);
  });

  it("nothing of a run whose records are still being read, and what became of it once they have been", () => {
    const { seen } = eventsOf(nothingSeen, [host([run("a", "running")])]);
    const reading = eventsOf(seen, [host([run("a", "created", { reading: { bytes: 1, of: 9 } })])]);
    expect(reading).toEqual({ events: [], seen });
    const read = eventsOf(reading.seen, [host([run("a", "interrupted")])]);
    expect(read.events.map(({ kind }) => kind)).toEqual(["interrupted"]);
    const again = eventsOf(read.seen, [host([run("a", "created", { reading: { bytes: 1, of: 9 } })])]);
    expect(eventsOf(again.seen, [host([run("a", "interrupted")])]).events).toEqual([]);
  });

  it("a host that needs a person, again only after it was connected in between", () => {
    const stopped = host([], { kind: "stopped", why: "The key changed." });
    const first = eventsOf(nothingSeen, [stopped]);
    expect(first.events).toEqual([{ kind: "hostStopped", host: "node", name: "node", why: "The key changed." }]);
    const trying = eventsOf(first.seen, [host([], { kind: "connecting", attempt: 1, step: "" })]);
    expect(eventsOf(trying.seen, [stopped]).events).toEqual([]);
    const back = eventsOf(trying.seen, [host([])]);
    expect(eventsOf(back.seen, [stopped]).events).toHaveLength(1);
  });

  it("no run's end is told twice, and what is remembered does not grow beyond the runs there are", () => {
    const states = fc.constantFrom<RunState>(
      "created",
      "preparing",
      "running",
      "paused",
      "completed",
      "failed",
      "stopped",
      "interrupted",
    );
    fc.assert(
      fc.property(fc.array(fc.array(states, { minLength: 1, maxLength: 3 }), { maxLength: 20 }), (looks) => {
        let seen = nothingSeen;
        for (const look of looks) {
          const hosts = [host(look.map((state, i) => run(String(i), state)))];
          const first = eventsOf(seen, hosts);
          expect(eventsOf(first.seen, hosts).events).toEqual([]);
          expect(Object.keys(first.seen.runs)).toHaveLength(look.length);
          seen = first.seen;
        }
        expect(eventsOf(seen, []).seen.runs).toEqual({});
      }),
    );
  });
});

describe("the status bar", () => {
  const text = (hosts: HostModel[], now = 0) => statusText(hosts, now, english)?.text;
  it("tells runs at work and whether their hosts are reached", () => {
    expect(text([])).toBeUndefined();
    expect(text([host([])])).toBe("$(beaker) R-Zero");
    expect(text([host([run("a", "running"), run("b", "completed")])])).toBe("$(beaker) R-Zero: 1 run at work");
    expect(text([host([run("a", "running")], { kind: "waiting", attempt: 1, until: 9, why: "lost" })])).toBe(
      "$(warning) R-Zero: 1 run at work · node cut off",
    );
    expect(text([host([])], 47_000)).toBe("$(warning) R-Zero · last heard 40 s ago");
  });

  it("does not change with every event", () => {
    const texts = [0, 3000, 9000, 20_000].map((now) => text([host([run("a", "running", { lastEvent: 0 })])], now));
    expect(new Set(texts).size).toBe(1);
  });

  it("tells the age of the last event on asking", () => {
    expect(statusText([host([run("a", "running", { lastEvent: 0 })])], 12_000, english)?.tooltip).toEqual([
      "node: connected, last heard 10 s ago",
      "  a: last event 10 s ago",
    ]);
  });
});
