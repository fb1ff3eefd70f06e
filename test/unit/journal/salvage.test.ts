import { expect, test } from "vitest";
import { type Salvaged, salvageJournal } from "../../../remote-agent/src/run/journal/salvage.ts";
import { MemoryFs } from "./memoryFs.ts";
import { notes, openJournal, RUN } from "./support.ts";

const log = (number: number) => `${RUN}/journal/${String(number).padStart(8, "0")}.log`;

async function salvage(fs: MemoryFs): Promise<Salvaged[]> {
  const found: Salvaged[] = [];
  for await (const one of salvageJournal(RUN, fs)) found.push(one);
  return found;
}

test("every record but the damaged ones is exported, and each gap is named", async () => {
  const intact = new MemoryFs();
  const { journal } = await openJournal(intact, { segmentBytes: 300 });
  for (let n = 1; n <= 10; n += 1) await journal.append(notes(n), { durable: true });
  await journal.close();
  const bytes = intact.content(log(1));
  const ends = [...bytes.entries()].filter(([, byte]) => byte === 0x0a).map(([index]) => index + 1);
  for (let at = 0; at < bytes.length; at += 1) {
    const fs = intact.clone();
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
    fs.put(log(1), damaged);
    const hit = ends.findIndex((end) => at < end);
    const found = await salvage(fs);
    const numbers = found.flatMap((one) => ("record" in one ? [one.record.n] : []));
    expect(numbers, `byte ${at}`).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((n) => n !== hit + 1 || hit === ends.length - 1),
    );
    expect(found.filter((one) => "damaged" in one)).toEqual([
      {
        damaged: {
          segment: "00000001.log",
          offset: ends[hit - 1] ?? 0,
          bytes: (ends[hit] ?? 0) - (ends[hit - 1] ?? 0),
        },
      },
    ]);
  }
});

test("a missing segment does not stop the export of the others", async () => {
  const fs = new MemoryFs();
  const { journal } = await openJournal(fs, { segmentBytes: 100 });
  for (let n = 1; n <= 6; n += 1) await journal.append(notes(n), { durable: true });
  await fs.remove(log(2));
  expect((await salvage(fs)).length).toBeGreaterThan(2);
});
