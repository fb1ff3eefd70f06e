import { expect, test } from "vitest";
import { EngineDiskFull } from "../../../remote-agent/src/engine/errors.ts";
import { EngineStartFailed } from "../../../remote-agent/src/engine/startup.ts";
import { DiskFull } from "../../../remote-agent/src/run/journal/errors.ts";
import { isOutOfRoom, Room, type RoomOptions } from "../../../remote-agent/src/run/room.ts";
import { RunPaused } from "../../../remote-agent/src/verbs/errors.ts";

const noSpace = () => Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
const GIB = 2 ** 30;

/** A disk with `free` bytes, on which time passes only while somebody sleeps. */
function disk(changes: Partial<RoomOptions> = {}) {
  const told: string[] = [];
  const state = { free: 0, journalFull: false, elapsed: 0, told };
  const abort = new AbortController();
  const room = new Room({
    runDir: "/run",
    journal: {
      get isFull() {
        return state.journalFull;
      },
      retry: async () => {
        if (state.free < GIB / 8) return false;
        state.journalFull = false;
        return true;
      },
    },
    signal: abort.signal,
    onFull: async (reason) => void told.push(`full: ${reason}`),
    onRoom: async () => void told.push("room"),
    freeBytes: async () => state.free,
    now: () => state.elapsed,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      state.elapsed += ms;
      if (state.elapsed === 20_000) state.free = GIB;
    },
    ...changes,
  });
  return { room, state, abort };
}

test("work that finds no room is done again when there is some; the run says that it waits, and that it goes on", async () => {
  const { room, state } = disk();
  let tries = 0;
  const work = async () => {
    tries += 1;
    if (state.free < GIB) throw new DiskFull("/run/packs/x", noSpace());
    return "stored";
  };
  expect(await room.forStoring(work)).toBe("stored");
  expect(tries).toBe(2);
  expect(state.told).toEqual([expect.stringContaining("/run/packs/x"), "room"]);
  expect(state.elapsed).toBe(20_000);
});

test("many that wait are told once, and all go on", async () => {
  const { room, state } = disk();
  const work = async (n: number) => {
    if (state.free < GIB) throw noSpace();
    return n;
  };
  const all = [1, 2, 3].map((n) => room.forStoring(() => room.forStoring(() => work(n))));
  expect(await Promise.all(all)).toEqual([1, 2, 3]);
  expect(state.told.filter((line) => line.startsWith("full"))).toHaveLength(1);
  expect(state.told.at(-1)).toBe("room");
});

test("while the journal is full, work waits until the journal has its reserve again", async () => {
  const { room, state } = disk();
  state.journalFull = true;
  await room.forStoring(async () => {
    if (state.journalFull) throw new DiskFull("/run/journal", noSpace());
  });
  expect(state.journalFull).toBe(false);
});

test("a quota does not show in what is free: the work is tried every minute all the same", async () => {
  const { room, state } = disk({ freeBytes: async () => GIB });
  state.free = GIB;
  let tries = 0;
  await room.forStoring(async () => {
    tries += 1;
    if (tries < 4) throw Object.assign(new Error("EDQUOT: quota exceeded"), { code: "EDQUOT" });
  });
  expect(state.elapsed).toBeGreaterThanOrEqual(180_000);
  expect(state.told.filter((line) => line.startsWith("full"))).toHaveLength(1);
});

test("after a day without room the run pauses with what to do; stopping the run ends the waiting at once", async () => {
  const { room } = disk({ limitMs: 10_000 });
  const given = await room.forStoring(() => Promise.reject(noSpace())).catch((error: unknown) => error);
  expect(given).toBeInstanceOf(RunPaused);
  expect((given as RunPaused).remedy).toMatch(/Free some space, then resume/);

  const stopped = disk();
  const waiting = stopped.room.forStoring(async () => {
    stopped.abort.abort(new Error("stopped"));
    throw noSpace();
  });
  await expect(waiting).rejects.toThrow("stopped");
});

test("what room would not mend is thrown as it is", async () => {
  const { room, state } = disk();
  await expect(room.forStoring(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(state.told).toEqual([]);
});

test("a full disk is told apart wherever it shows", () => {
  const refused = { call: "save_weights", status: 200, category: "server" as const };
  expect(isOutOfRoom(noSpace())).toBe(true);
  expect(isOutOfRoom(new EngineDiskFull("no room", refused))).toBe(true);
  expect(isOutOfRoom(new EngineStartFailed("x", { call: "launch" }, { cause: noSpace() }))).toBe(true);
  const log = "OSError: [Errno 28] No space left on device: '/run/engine.ready.json'";
  expect(isOutOfRoom(new EngineStartFailed("x", { call: "launch", detail: log }))).toBe(true);
  expect(isOutOfRoom(Object.assign(new Error("EIO"), { code: "EIO" }))).toBe(false);
  expect(isOutOfRoom("ENOSPC")).toBe(false);
});
