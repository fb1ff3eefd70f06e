import type { RunSummary } from "../../remote-agent/src/protocol/rpc.ts";
import type { LinkState } from "../link/linkState.ts";

/** What the extension knows of one host. */
export interface HostModel {
  readonly id: string;
  readonly name: string;
  readonly link: LinkState;
  /** Null until the agent has listed them once. */
  readonly runs: readonly RunModel[] | null;
  /** Folders among its runs that its agent cannot read. */
  readonly unreadable?: readonly { readonly directory: string; readonly why: string }[];
}

export type RunModel = Pick<
  RunSummary,
  "id" | "name" | "directory" | "createdAt" | "live" | "view" | "plan" | "annotations" | "origin" | "job" | "reading"
> & {
  /** When its newest record came, by this machine's clock in milliseconds since 1970; absent before one did. */
  readonly lastEvent?: number;
};
