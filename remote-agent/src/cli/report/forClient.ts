import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { ResolvedRun } from "../../protocol/config.ts";
import type { ReportSelection } from "../../protocol/report.ts";
import type { Result } from "../../protocol/rpc.ts";
import { intoNewDirectory } from "../../run/export/target.ts";
import { RunIndex } from "../../run/index/runIndex.ts";
import { exportsOf } from "../exportForClient.ts";
import { writeReport } from "./write.ts";

const FILE = "report.html";

/**
 * Writes a report to `exports/<run>/<time>/report.html` below the home directory, where a client fetches it as an export; reports
 * that were made so before are removed.
 */
export async function reportForClient(
  found: { runDir: string; run: ResolvedRun },
  selection: ReportSelection,
  ports: {
    env: NodeJS.ProcessEnv;
    now: Date;
    tell: (progress: { text: string; done: number | null; total: number | null }) => void;
    signal: AbortSignal;
  },
): Promise<Result<"runs/report">> {
  const { runDir, run } = found;
  const { env, signal, tell } = ports;
  const all = exportsOf(env, run.id);
  const name = ports.now
    .toISOString()
    .replace(/\D/g, "")
    .replace(/^(\d{8})(\d{6})(\d{3})$/, "$1-$2-$3");
  await removeReports(all);
  const index = new RunIndex({
    runDir,
    domain: run.config.domain,
    env,
    onProgress: (seq) =>
      tell({ text: `Reading the journal: ${seq.toLocaleString("en-US")} records`, done: null, total: null }),
  });
  try {
    const made = await intoNewDirectory(path.join(all, name), (directory) =>
      writeReport(found, selection, path.join(directory, FILE), {
        env,
        index,
        signal,
        onQuestion: (done, total) => tell({ text: "Writing questions", done, total }),
      }),
    );
    return { export: name, file: FILE, ...made };
  } finally {
    await index.close();
  }
}

/** Those that hold nothing but a report. */
async function removeReports(exports: string): Promise<void> {
  for (const name of await readdir(exports).catch(() => [])) {
    const directory = path.join(exports, name);
    const files = /^\d{8}-\d{6}-\d{3}$/.test(name) ? await readdir(directory).catch(() => []) : [];
    if (files.length === 1 && files[0] === FILE) await rm(directory, { recursive: true, force: true });
  }
}
