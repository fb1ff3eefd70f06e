import { randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { RunIndex } from "../../run/index/runIndex.ts";
import { openNamed } from "../connect.ts";
import { bytes, plural } from "../format.ts";
import { interruptible, isLively, note, print, printJson, type World } from "../world.ts";
import { type ListOptions, listOf, selectionOf } from "./selectionText.ts";
import { writeReport } from "./write.ts";

const TELL_MS = 1000;

/** `rzero report RUN`: charts and chosen questions of a run as one HTML file. A file of that name is replaced. */
export async function reportCommand(
  world: World,
  name: string,
  options: { out?: string; questions?: string; json?: boolean } & ListOptions,
): Promise<number> {
  const list = listOf(options);
  const selection = selectionOf(options.questions, list);
  const found = await openNamed(world, name);
  const { runDir, run } = found;
  const file = path.resolve(options.out ?? `${run.id}.html`);
  const aside = `${file}.${process.pid}-${randomBytes(4).toString("hex")}.new`;
  const { signal, done } = interruptible(world);
  const index = new RunIndex({ runDir, domain: run.config.domain, env: world.env });
  let told = world.now();
  const tell = (at: number, total: number) => {
    if (!isLively(world) || world.now() - told < TELL_MS) return;
    told = world.now();
    note(world, `${at} of ${plural(total, "question")} written.`);
  };
  try {
    const made = await writeReport(found, selection, aside, { env: world.env, index, signal, onQuestion: tell });
    await rename(aside, file);
    if (options.json) printJson(world, { run: run.id, file, ...made });
    else print(world, `${file}: ${plural(made.questions, "question")}, ${bytes(made.bytes)}. Open it in a browser.`);
    return 0;
  } finally {
    done();
    await rm(aside, { force: true });
    await index.close();
  }
}
