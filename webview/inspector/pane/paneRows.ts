import type { DecisionView } from "../../../remote-agent/src/protocol/review.ts";
import type { RunRef } from "../../../src/panels/inspector/messages.ts";
import { type RowPorts, type RowQuery, RowSource } from "../table/rowSource.ts";

/** The rows of a pane's query, and those in view: of the query before, until the first of the new one have come. */
export class PaneRows {
  #newest: RowSource | null = null;
  #inView: RowSource | null = null;
  #run = "";

  /** Of the query as it is; null while no run is chosen. */
  get newest(): RowSource | null {
    return this.#newest;
  }

  get inView(): RowSource | null {
    return this.#inView;
  }

  /** Whether the rows in view are those of the query as it is. */
  get isCurrent(): boolean {
    return this.#inView === this.#newest;
  }

  /** Another query or another run. Rows of another run are not those of this one, and leave at once. */
  ask(of: RunRef | null, query: RowQuery, ports: RowPorts): void {
    this.#newest?.close();
    this.#newest = of === null ? null : new RowSource(query, ports);
    const run = JSON.stringify([of?.host, of?.run]);
    if (run !== this.#run || this.#inView?.total == null) this.#inView = this.#newest;
    this.#run = run;
  }

  /** The newest rows come into view once there are any, or a reason why there are none; answers whether that is now. */
  arrive(): boolean {
    const { total = null, failed = null } = this.#newest ?? {};
    if (this.isCurrent || (total === null && failed === null)) return false;
    this.#inView = this.#newest;
    return true;
  }

  /** Rows that are shown say what was decided, whatever the filter lets in stays until it is asked again. */
  decided(decisions: readonly DecisionView[]): void {
    const newest = new Map(decisions.map((decision) => [decision.task, decision]));
    for (const rows of new Set([this.#newest, this.#inView])) {
      rows?.patch((row) => {
        const decision = row.task === null ? undefined : newest.get(row.task);
        return decision === undefined || (row.decision !== null && row.decision.seq >= decision.seq)
          ? row
          : { ...row, decision };
      });
    }
  }

  close(): void {
    this.#newest?.close();
  }
}
