import fc from "fast-check";
import { expect, test } from "vitest";
import { StorageError } from "../../../remote-agent/src/run/journal/errors.ts";
import { failure, MemoryFs } from "./memoryFs.ts";
import { collect, numbersOf, openJournal } from "./support.ts";

const batch = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  durable: fc.boolean(),
  /** Wait for it before the next append. */
  wait: fc.boolean(),
  padding: fc.integer({ min: 0, max: 200 }),
});

const life = fc.record({
  batches: fc.array(batch, { maxLength: 12 }),
  /** The power goes after so many operations of the file system. */
  operations: fc.integer({ min: 0, max: 60 }),
  /** Operation that fails once with EIO, if it is a write or a sync. */
  failing: fc.option(fc.integer({ min: 0, max: 60 })),
  /** Writes are cut to so many bytes. */
  shortWrites: fc.option(fc.integer({ min: 1, max: 64 })),
  survivors: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
});

/**
 * Several lives of one journal, each ended by a power cut at any operation of the file system that keeps what was synced
 * and a prefix of what was not.
 */
test("whatever was acknowledged or published survives, and the journal is always a prefix of what was appended", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 150, max: 1500 }),
      async (lives, segmentBytes) => {
        let fs = new MemoryFs();
        let next = 0;
        /** What the journal held when the life before ended, as far as the outside world could know. */
        let owed: number[] = [];
        for (const [index, { batches, operations, failing, shortWrites, survivors }] of lives.entries()) {
          const published: number[] = [];
          const acknowledged: number[] = [];
          const appended: number[] = [];
          let inherited: unknown[] = [];
          let count = 0;
          let powerCut: (() => void) | undefined;
          const dark = new Promise<void>((resolve) => {
            powerCut = resolve;
          });
          let after: MemoryFs | undefined;
          let draw = 0;
          const chance = (n: number) => (survivors[draw++ % survivors.length] ?? 0) % (n + 1);
          const current = fs;
          fs.intercept = (operation, path) => {
            count += 1;
            if (count > operations && !after) {
              after = current.crash(chance);
              powerCut?.();
            }
            if (count === failing && (operation === "write" || operation === "datasync") && path.endsWith(".log")) {
              throw failure("EIO", path);
            }
            return operation === "write" ? (shortWrites ?? undefined) : undefined;
          };
          const work = async () => {
            const { journal } = await openJournal(current, { epoch: index + 1, segmentBytes, groupCommitMs: 0 });
            journal.onPublish((records) => published.push(...(numbersOf(records) as number[])));
            inherited = numbersOf(await collect(journal.scan()));
            const pending: Promise<unknown>[] = [];
            for (const { size, durable, wait, padding } of batches) {
              const numbers = Array.from({ length: size }, () => next++);
              appended.push(...numbers);
              const records = numbers.map((n) => ({ type: "note", n, padding: "x".repeat(padding) }));
              const done = journal.append(records, { durable }).then(
                () => acknowledged.push(...numbers),
                (error: unknown) => {
                  if (!(error instanceof StorageError)) throw error;
                },
              );
              pending.push(done);
              if (wait) await done;
            }
            await Promise.all(pending);
          };
          await Promise.race([work(), dark]);
          const before: readonly number[] = owed;
          after ??= current.crash(chance);
          fs = after;

          const { journal, recovery } = await openJournal(fs, { epoch: index + 1, segmentBytes });
          const held = numbersOf(await collect(journal.scan())) as number[];
          await journal.verify();
          await journal.close();
          // What was owed from earlier lives stands first, then a prefix of this life's appends.
          const own = held.slice(before.length);
          expect(held.slice(0, before.length)).toEqual(before);
          expect(own).toEqual(appended.slice(0, own.length));
          expect(own.length).toBeGreaterThanOrEqual(acknowledged.length);
          expect(own.slice(0, acknowledged.length)).toEqual(acknowledged);
          expect(own.slice(0, published.length)).toEqual(published);
          if (inherited.length > 0) expect(inherited).toEqual(before);
          expect(recovery.lastSeq).toBeGreaterThanOrEqual(held.length);
          owed = held;
        }
      },
    ),
    { numRuns: 300 },
  );
});
