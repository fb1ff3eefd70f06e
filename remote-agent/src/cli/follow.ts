import { type RunRecord, type Stored, storedRecord } from "../protocol/records.ts";
import { applyRecord, emptyRunView } from "../protocol/runFold.ts";
import type { RunView } from "../protocol/runView.ts";
import type { RpcClient } from "../run/rpcPeer.ts";

/** Types that carry a run's progress and its newest question; the bulk (trajectories, scores) stays with the agent. */
export const progressTypes = ["state", "stage", "metric", "notice", "alarm", "usage", "call", "task"];

/**
 * Follows a run's durable records from `since` until its owner ends or is gone, or `signal` aborts. The view holds every range
 * exactly once: a gap throws, a repeat is ignored.
 * @returns whether the owner said that it ends, and the last record that was told of
 */
export async function follow(
  client: RpcClient,
  run: string,
  options: {
    since: number;
    types?: string[];
    signal?: AbortSignal;
    onRecord?: (record: Stored<RunRecord>, view: RunView) => void;
    onChange?: (view: RunView) => void;
  },
): Promise<{ ended: boolean; last: number }> {
  const view = emptyRunView();
  let [last, ended] = [options.since, false];
  const finished = new Promise<void>((resolve, reject) => {
    client.onEvents((events) => {
      if (events.from > last) reject(new Error(`Records ${last + 1} to ${events.from} of the run did not arrive.`));
      for (const raw of events.records) {
        if (raw.seq <= last) continue;
        const parsed = storedRecord.safeParse(raw);
        if (!parsed.success) continue; // the journal's own, or of a newer agent
        const record = parsed.data;
        applyRecord(view, record);
        options.onRecord?.(record, view);
      }
      last = Math.max(last, events.to);
      options.onChange?.(view);
      if (events.ended) {
        ended = true;
        resolve();
      } else client.request("runs/ack", { subscription: events.subscription, to: events.to }).catch(() => undefined);
    });
    options.signal?.addEventListener("abort", () => resolve(), { once: true });
  });
  finished.catch(() => undefined); // it may fail before it is waited for below
  const { types } = options;
  await client.subscribe({ run, since: options.since, ...(types === undefined ? {} : { types }) });
  await Promise.race([finished, client.closed]);
  return { ended, last };
}
