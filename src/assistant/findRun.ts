import type { HostEntry } from "../hosts/hostEntry.ts";
import type { RunModel } from "../hosts/hostModel.ts";

/** What is asked of the hosts; a part of `Hosts`. */
export interface AskedHosts {
  readonly all: readonly Pick<HostEntry, "id" | "name" | "model" | "link">[];
}

export interface FoundRun {
  readonly entry: AskedHosts["all"][number];
  readonly run: RunModel;
}

const NAMED = 8;

/** The host of a name. Only one that is connected: connecting may ask a person. @throws Error with a sentence that can be acted on */
export function findHost({ all }: AskedHosts, name: string): AskedHosts["all"][number] {
  const wanted = name.toLowerCase();
  const entry = all.find(({ id, name }) => id.toLowerCase() === wanted || name.toLowerCase() === wanted);
  if (entry === undefined) {
    const known = all.map((host) => host.name).join(", ");
    throw new Error(`There is no host ${name}. ${all.length === 0 ? NO_HOST : `There are: ${known}.`}`);
  }
  if (entry.link.state.kind !== "connected")
    throw new Error(`${entry.name} is not connected: the person has to connect it in the R-Zero view first.`);
  return entry;
}

/** The run that is meant, of the connected hosts. @throws Error with a sentence that can be acted on */
export function findRun(hosts: AskedHosts, { run: name, host }: { run: string; host?: string | undefined }): FoundRun {
  const entries = host === undefined ? hosts.all.filter(isConnected) : [findHost(hosts, host)];
  if (entries.length === 0) throw new Error(hosts.all.length === 0 ? NO_HOST : NOT_CONNECTED);
  const all = entries.flatMap((entry) => (entry.model.runs ?? []).map((run) => ({ entry, run })));
  const newest = all.toSorted((a, b) => (a.run.createdAt < b.run.createdAt ? 1 : -1));
  if (name === "last" && newest[0] !== undefined) return newest[0];
  const by = [
    ({ run }: FoundRun) => run.id === name,
    ({ run }: FoundRun) => run.name === name,
    ({ run }: FoundRun) => run.id.startsWith(name),
    ({ run }: FoundRun) => run.id.includes(name) || run.name.toLowerCase().includes(name.toLowerCase()),
  ];
  for (const fits of by) {
    const found = newest.filter(fits);
    if (found.length === 1 && found[0] !== undefined) return found[0];
    if (found.length > 1)
      throw new Error(
        `${name} may be ${named(found)}: name one by its id${found.some(({ entry }) => entry !== found[0]?.entry) ? " and its host" : ""}.`,
      );
  }
  throw new Error(
    `There is no run ${name}. ${newest.length === 0 ? "There are none." : `The newest are ${named(newest)}.`}`,
  );
}

export function isConnected({ link }: AskedHosts["all"][number]): boolean {
  return link.state.kind === "connected";
}

const NO_HOST = "No host was added yet: the person adds one with R-Zero: Add Host.";
const NOT_CONNECTED = "No host is connected: the person has to connect one in the R-Zero view first.";

function named(runs: readonly FoundRun[]): string {
  const shown = runs.slice(0, NAMED).map(({ run, entry }) => `${run.id} on ${entry.name}`);
  return `${shown.join(", ")}${runs.length > NAMED ? ` and ${runs.length - NAMED} more` : ""}`;
}
