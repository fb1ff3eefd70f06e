import type { RunRecord, Stored } from "../protocol/records.ts";
import { readJournal } from "../run/journal/read.ts";
import { attach } from "../run/launch.ts";
import { asRunRecord } from "../run/opened.ts";
import { bridgeTo, openNamed, summaryOf } from "./connect.ts";
import { follow } from "./follow.ts";
import { recordLine } from "./recordLine.ts";
import { endSentence } from "./stateLines.ts";
import { interruptible, note, print, printJson, type World } from "./world.ts";

export interface TailOptions {
  since: number;
  types?: string[];
  json?: boolean;
}

/** What people want to read unless they say otherwise; the others are one line an answer and more. */
const readable = [
  "state",
  "stage",
  "metric",
  "notice",
  "alarm",
  "usage",
  "checkpoint",
  "command",
  "owner",
  "gate",
  "decision",
  "aside",
  "gating",
  "release",
];

/**
 * `rzero tail RUN`: its records, then those that come, until the run ends; Ctrl-C ends the look only. That nobody works on the run is said,
 * whether its owner went before it was looked at or while it was.
 */
export async function tailCommand(world: World, name: string, options: TailOptions): Promise<number> {
  const { runDir, run } = await openNamed(world, name);
  const types = options.types ?? (options.json ? undefined : readable);
  const show = (record: Stored<RunRecord>) =>
    options.json ? printJson(world, record) : print(world, recordLine(record));
  const client = (await attach(runDir, world.env)) ?? (await bridgeTo(world.env, runDir));
  let [ended, last] = [false, options.since];
  if (client !== null) {
    const { signal, done } = interruptible(world);
    try {
      ({ ended, last } = await follow(client, run.id, {
        since: options.since,
        ...(types === undefined ? {} : { types }),
        signal,
        onRecord: show,
      }));
      if (signal.aborted) return 130;
    } finally {
      done();
      client.close();
    }
  }
  // Nobody is there to tell the rest, or to tell anything: what is written is shown.
  if (!ended) {
    for await (const { record } of readJournal(runDir, last + 1)) {
      const known = asRunRecord(record);
      if (known !== null && (types === undefined || types.includes(known.type))) show(known);
    }
  }
  const { view } = await summaryOf(world.env, runDir, run);
  if (view.state === "interrupted") note(world, endSentence(view, run.id, world.program));
  return 0;
}
