import type { CallLog, PackStore } from "../verbs/ports.ts";
import type { Room } from "./room.ts";

/** A call log whose writes wait for room when the disk is full. */
export function logWithRoom(log: CallLog, room: Room): CallLog {
  return {
    find: (key) => log.find(key),
    read: (key) => log.read(key),
    commit: (call, records, beside) => room.forStoring(() => log.commit(call, records, beside)),
    note: (records) => room.forStoring(() => log.note(records)),
  };
}

/** Packs whose writes wait for room when the disk is full; what was added is kept meanwhile. */
export function packsWithRoom(packs: PackStore, room: Room): PackStore {
  return {
    async create(callKey) {
      const sink = await packs.create(callKey);
      return { add: (payload) => sink.add(payload), sync: () => room.forStoring(() => sink.sync()) };
    },
    read: (ref) => packs.read(ref),
  };
}
