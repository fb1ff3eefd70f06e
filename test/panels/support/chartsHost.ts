import type { RunSeries } from "../../../remote-agent/src/protocol/series.ts";
import type { HostEnd } from "../../../src/panels/base/hostEnd.ts";
import type {
  ChartsContract,
  ChartsState,
  ChartsWords,
  Figures,
  RunStatus,
} from "../../../src/panels/charts/messages.ts";
import { RunFigures } from "../../../src/panels/charts/runFigures.ts";
import { type ChartRunSize, chartSeries } from "../../support/chartRun.ts";

export const words: ChartsWords = wordsByName();

export const fresh: ChartsState = {
  runs: [{ host: "local", run: "a" }],
  smoothing: 0.6,
  log: [],
  tables: [],
  scroll: 0,
  chart: null,
};

export const status = (key: string, more: Partial<RunStatus> = {}): RunStatus => ({
  key,
  id: `20261122-143000-${key.replace("/", "-")}`,
  name: "r-zero",
  host: "gpu-node",
  state: "running",
  live: true,
  link: { kind: "connected", lastHeard: null, why: null },
  behind: 0,
  problem: null,
  ...more,
});

/** Answers a Charts page with made runs, through the host's own end; `asked` is what the page asked for. */
export function chartsHost(runs: { status: RunStatus; size: ChartRunSize | null }[]) {
  const asked: { method: string; params: unknown }[] = [];
  const states: ChartsState[] = [];
  const note = (method: string, params: unknown) => asked.push({ method, params });
  const host = (end: () => HostEnd<ChartsContract>) => ({
    ready: () =>
      end().send(
        "runs",
        runs.map((run) => run.status),
      ),
    onState: (state: ChartsState) => states.push(state),
    handlers: {
      watch: async (watched: { names: string[]; points: number }) => {
        note("watch", watched);
        for (const { status: of, size } of runs)
          if (size !== null) end().send("figures", figuresOf(of.key, chartSeries(size, watched)));
        return null;
      },
      finer: async ({ run, ...query }: { run: string; names: string[] }) => {
        note("finer", { run, ...query });
        const size = runs.find(({ status: of }) => of.key === run)?.size;
        return size == null ? [] : figuresOf(run, chartSeries(size, query)).lines;
      },
      rollouts: async (params: unknown) => {
        note("rollouts", params);
        return null;
      },
      save: async (params: unknown) => {
        note("save", params);
        return true;
      },
      choose: async () => {
        note("choose", {});
        return null;
      },
      retry: async (params: unknown) => {
        note("retry", params);
        return null;
      },
    },
  });
  return { host, asked, states };
}

export function figuresOf(run: string, answer: RunSeries): Figures {
  return new RunFigures(run, { names: [], points: 0 }).take(answer);
}

/** Each word is its own name: what is tested are places and values, not phrases. */
function wordsByName(): ChartsWords {
  const named = new Proxy({} as Record<string, string>, { get: (_, name) => String(name) });
  const names = [
    "loading,retry,failed,timeout,malformed,panel,noRuns,noRunsDetail,noFigures,noFiguresDetail,chooseRuns,connect",
    "smoothing,noSmoothing,smoothed,removeRun,resetZoom,logScale,table,savePng,saveCsv,never,iteration,step",
    "chartHelp,keptBand,openRollouts,saved,bandsOf",
  ].flatMap((line) => line.split(","));
  const plain = Object.fromEntries(names.map((name) => [name, named[name] ?? ""]));
  const filledIn = {
    points: "{shown} of {total} points",
    cutOff: "{host} is cut off, figures of {ago}",
    notConnected: "{host} is not connected",
    reading: "reading {run}: {size}",
    notMeasured: "not measured: {names}",
    notMeasuredYet: "not yet: {names}",
    tableOf: "table of {chart}",
  };
  return { ...plain, ...filledIn, titles: {} } as unknown as ChartsWords;
}
