import type { ResolvedRun } from "../protocol/config.ts";
import type { RunEvents } from "../protocol/rpc.ts";
import { readJournal } from "../run/journal/read.ts";
import type { JournalRecord } from "../run/journal/record.ts";
import { attach } from "../run/launch.ts";
import { RangeBuilder, SendWindow } from "../run/ranges.ts";
import type { RpcClient } from "../run/rpcPeer.ts";
import { followFiles } from "../slurm/following.ts";
import { bridgeTo, jobOfRun } from "./connect.ts";

export interface Relay {
  ack(to: number): void;
  close(): void;
  /** Resolves when nothing more will be sent; never rejects. */
  done: Promise<void>;
}

export interface RelayOptions {
  runDir: string;
  run: ResolvedRun;
  env: NodeJS.ProcessEnv;
  /** Name of the subscription towards the client. */
  subscription: string;
  since: number;
  types: string[] | undefined;
  send: (events: RunEvents) => Promise<void>;
}

/** Passes a run's records on to a client: its supervisor's feed while it has one, else what its journal holds. */
export function relayRun(options: RelayOptions): Relay {
  const closing = new AbortController();
  const state: { ack: (to: number) => void } = { ack: () => undefined };
  const done = pump(options, closing.signal, state).catch((error: unknown) => {
    // The client learns of it by the end of the subscription, and asks again from where it was.
    process.stderr.write(`relay of ${options.run.id}: ${error instanceof Error ? error.message : error}\n`);
  });
  return { ack: (to) => state.ack(to), close: () => closing.abort(), done };
}

async function pump(options: RelayOptions, signal: AbortSignal, state: { ack: (to: number) => void }): Promise<void> {
  // The subscription's own answer goes first: notifications that overtake it would name an unknown subscription.
  await new Promise((resolve) => setImmediate(resolve));
  const { runDir, env, since, subscription, send } = options;
  const client = (await attach(runDir, env)) ?? (await bridgeTo(env, runDir));
  const owner = async () => (await jobOfRun(env, runDir))?.owner ?? null;
  const records = async () =>
    (await owner()) === null ? storedRecords(runDir, since) : followFiles(runDir, since, owner, signal);
  let last: number;
  if (client === null) last = await sendStored(await records(), options, signal, state);
  else {
    const told = await relay(client, options, signal, state);
    last = told.last;
    // Its owner is gone without a word: what it had written and not told any more is in the journal.
    if (!told.ended && !signal.aborted)
      last = await sendStored(storedRecords(runDir, last), { ...options, since: last }, signal, state);
  }
  if (!signal.aborted) await send({ subscription, from: last, to: last, records: [], ended: true });
}

/** Answers whether the owner said that it ends, and the last sequence number that was passed on. */
async function relay(
  client: RpcClient,
  { run, subscription, since, types, send }: RelayOptions,
  signal: AbortSignal,
  state: { ack: (to: number) => void },
): Promise<{ ended: boolean; last: number }> {
  let [ended, last] = [false, since];
  try {
    const upstream: { id: string | null } = { id: null };
    const over = new Promise<void>((resolve) => {
      client.onEvents((events) => {
        upstream.id = events.subscription;
        last = Math.max(last, events.to);
        if (events.ended) {
          ended = true;
          resolve();
        } else send({ ...events, subscription }).catch(() => resolve());
      });
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    state.ack = (to) => {
      if (upstream.id !== null) client.request("runs/ack", { subscription: upstream.id, to }).catch(() => undefined); // closing follows
    };
    await client.subscribe({ run: run.id, since, ...(types === undefined ? {} : { types }) });
    await Promise.race([over, client.closed]);
    return { ended, last };
  } finally {
    client.close();
  }
}

/** All records after `since` of a run that nobody owns, some at a time. */
async function* storedRecords(runDir: string, since: number): AsyncGenerator<JournalRecord[]> {
  let some: JournalRecord[] = [];
  for await (const { record } of readJournal(runDir, since + 1)) {
    some.push(record);
    if (some.length < RangeBuilder.longest) continue;
    yield some;
    some = [];
  }
  yield some;
}

async function sendStored(
  stored: AsyncGenerator<JournalRecord[]>,
  { subscription, since, types, send }: RelayOptions,
  signal: AbortSignal,
  state: { ack: (to: number) => void },
): Promise<number> {
  let range = new RangeBuilder(since, types);
  const window = new SendWindow();
  let wake: () => void = () => undefined;
  state.ack = (acknowledged) => {
    window.ack(acknowledged);
    wake();
  };
  signal.addEventListener("abort", () => wake(), { once: true });
  const flush = async () => {
    const { from, to, records } = range;
    if (to === from) return;
    while (!window.open && !signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (signal.aborted) return;
    window.sent(to, records.length);
    await send({ subscription, from, to, records, ended: false });
    range = new RangeBuilder(to, types);
  };
  for await (const records of stored) {
    for (const record of records) {
      if (signal.aborted) return range.from;
      if (range.take(record)) await flush();
    }
    await flush();
  }
  return range.from;
}
