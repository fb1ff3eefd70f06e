import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { ResolvedRun } from "../../protocol/config.ts";
import type { ReportSelection } from "../../protocol/report.ts";
import type { ReportContent, ReportQuestion } from "../../report/content.ts";
import { readAnnotations } from "../../run/annotations.ts";
import type { Freshness, RunIndex } from "../../run/index/runIndex.ts";
import { readPatches } from "../../run/runPatch.ts";
import { summaryOf } from "../connect.ts";
import { durableSeq } from "../runIndexes.ts";
import { HostHistories, seriesOfRun } from "../runSeries.ts";
import { contentOf, wholeSeries } from "./content.ts";
import { lineageSentences } from "./lineageText.ts";
import { machineWords } from "./privately.ts";
import { selectedQuestions } from "./selections.ts";

/** Records of a question's lineage that are looked at. */
const LINEAGE = 200;

export interface ReportMade {
  readonly questions: number;
  readonly bytes: number;
  /** The last record that it takes in. */
  readonly seq: number;
}

export interface ReportPorts {
  readonly env: NodeJS.ProcessEnv;
  readonly index: RunIndex;
  readonly signal: AbortSignal;
  readonly onQuestion?: (done: number, total: number) => void;
}

/**
 * Writes a run's report into a new file. However large the run, it holds one question in memory at a time.
 * @throws IndexError, the journal's errors, those of the file system; the signal's reason
 */
export async function writeReport(
  { runDir, run }: { runDir: string; run: ResolvedRun },
  selection: ReportSelection,
  file: string,
  ports: ReportPorts,
): Promise<ReportMade> {
  const { reportPieces } = await import("../../report/report.ts"); // with KaTeX, which no other command needs
  const fresh = await freshness(runDir, run, ports);
  const content = await gathered({ runDir, run }, selection, fresh, ports);
  const total = content.selections.reduce((sum, { ids }) => sum + ids.length, 0);
  let done = 0;
  const pieces = reportPieces(content, async (id) => {
    ports.onQuestion?.(done++, total);
    return questionWith(ports.index, id, fresh);
  });
  const out = createWriteStream(file, { flags: "wx", mode: 0o600 });
  try {
    await once(out, "open");
    for (;;) {
      ports.signal.throwIfAborted();
      const next = await pieces.next();
      if (next.done) {
        out.end();
        await once(out, "close");
        if (out.errored !== null) throw out.errored;
        return { ...next.value, seq: content.seq };
      }
      if (!out.write(next.value)) await once(out, "drain", { signal: ports.signal });
    }
  } catch (error) {
    out.destroy();
    throw error;
  }
}

async function freshness(runDir: string, run: ResolvedRun, { env, signal }: ReportPorts): Promise<Freshness> {
  return { upTo: await durableSeq(env, runDir, run.id), waitMs: Number.POSITIVE_INFINITY, signal };
}

async function gathered(
  found: { runDir: string; run: ResolvedRun },
  selection: ReportSelection,
  fresh: Freshness,
  { env, index, signal }: ReportPorts,
): Promise<ReportContent & { seq: number }> {
  const { runDir, run } = found;
  const { view, live } = await summaryOf(env, runDir, run);
  const histories = new HostHistories();
  const series = await wholeSeries(
    async (query) => seriesOfRun(await index.series(query, fresh), query, found, env, histories),
    signal,
  );
  const all = await index.questions({ filter: {}, sort: { by: "order", descending: false }, limit: 1 }, fresh);
  const { missingTexts, problem } = all.index;
  const content = contentOf({
    run,
    patches: await readPatches(runDir),
    annotations: await readAnnotations(runDir),
    view,
    live,
    series,
    selections: await selectedQuestions(index, selection, fresh),
    questions: all.total,
    remarks: [
      ...(problem === null ? [] : [problem]),
      ...(missingTexts === 0 ? [] : [`The texts of ${missingTexts} completions are gone or damaged.`]),
    ],
    machine: machineWords(),
  });
  return { ...content, seq: view.seq };
}

async function questionWith(index: RunIndex, id: string, fresh: Freshness): Promise<ReportQuestion> {
  const view = await index.question(id, fresh);
  const of = view.question.task ?? view.question.id;
  const causes = await index.lineage({ id: of, direction: "causes", depth: 2, limit: 20 }, fresh);
  const effects = await index.lineage({ id: of, direction: "effects", depth: 5, limit: LINEAGE }, fresh);
  return { view, lineage: lineageSentences(view.question, causes, effects) };
}
