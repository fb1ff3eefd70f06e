import type { RunEvents } from "../../protocol/rpc.ts";
import type { JournalRecord } from "../journal/record.ts";
import { asRunRecord } from "../opened.ts";
import type { RpcClient } from "../rpcPeer.ts";
import type { RecordBatches } from "./export.ts";

const QUIET_MS = 1000;

/**
 * A live run's records from its supervisor, acknowledged when the next batch is asked for, so that a slow reader is not
 * sent more. Ends at `upTo`, or with the run's owner.
 */
export async function* followBatches(
  client: RpcClient,
  options: { run: string; types: string[]; upTo: number | null; signal: AbortSignal },
): RecordBatches {
  const arrived: RunEvents[] = [];
  let wake: () => void = () => undefined;
  let closed = false;
  client.onEvents((events) => {
    arrived.push(events);
    wake();
  });
  const onClosed = () => {
    closed = true;
    wake();
  };
  client.closed.then(onClosed);
  options.signal.addEventListener("abort", onClosed, { once: true });
  await client.request("runs/subscribe", { run: options.run, since: 0, types: options.types });
  for (;;) {
    const events = arrived.shift();
    if (events !== undefined) {
      const batch = events.records.flatMap((record) => asRunRecord(record as JournalRecord) ?? []);
      if (batch.length > 0) yield batch;
      if (events.ended || (options.upTo !== null && events.to >= options.upTo)) break;
      await client.request("runs/ack", { subscription: events.subscription, to: events.to });
    } else if (closed) break;
    else {
      yield [];
      if (arrived.length === 0)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, QUIET_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
    }
  }
  yield [];
}
