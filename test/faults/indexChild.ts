/**
 * One process that brings the index of a run up to date again and again, for index.test.ts.
 *
 *   node indexChild.ts <runDir> <cache>
 */
import { catchUp } from "../../remote-agent/src/run/index/build.ts";
import { openIndex } from "../../remote-agent/src/run/index/open.ts";
import { cacheDirectory, journalIdentity } from "../../remote-agent/src/run/index/place.ts";

const [runDir = "", cache = ""] = process.argv.slice(2);
const identity = journalIdentity(runDir) ?? "";
const db = openIndex(`${cacheDirectory({ XDG_CACHE_HOME: cache })}/${identity}.sqlite`, runDir, identity);
process.stdout.write("open\n");
// Small steps, so that a kill falls into one of many transactions.
for (let upTo = 1; ; upTo += 40) {
  const { seq } = catchUp(db, { runDir, upTo, isCancelled: () => false, onProgress: () => undefined });
  if (seq + 2000 < upTo) break;
}
process.stdout.write("done\n");
