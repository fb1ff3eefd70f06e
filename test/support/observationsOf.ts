import { type Observation, Observations } from "../../remote-agent/src/alarms/observations.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { asRunRecord } from "../../remote-agent/src/run/opened.ts";

/** What alarm rules see of a run. `node test/support/observationsOf.ts RUN_DIRECTORY` prints it as JSON lines. */
export async function observationsOf(runDir: string): Promise<Observation[]> {
  const observations = new Observations();
  for await (const { record } of readJournal(runDir)) {
    const known = asRunRecord(record);
    if (known !== null) observations.visit(known);
  }
  return observations.take();
}

/** Numbers as short as they can be told apart by; lists are no rule's business. */
const shortened = (_name: string, value: unknown) =>
  typeof value === "number" ? Number(value.toPrecision(6)) : Array.isArray(value) ? undefined : value;

if (process.argv[1] === import.meta.filename) {
  for (const observation of await observationsOf(process.argv[2] ?? "."))
    process.stdout.write(`${JSON.stringify(observation, shortened)}\n`);
}
