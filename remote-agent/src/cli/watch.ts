import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import { emptyRunView } from "../protocol/runFold.ts";
import type { RunView } from "../protocol/runView.ts";
import { readRunView } from "../run/opened.ts";
import type { RpcClient } from "../run/rpcPeer.ts";
import { applyDetail, emptyDetail, type RunDetail } from "./detail.ts";
import { follow, progressTypes } from "./follow.ts";
import { coloured } from "./layout.ts";
import { type LiveScreen, liveScreen } from "./liveScreen.ts";
import { plainLines } from "./plainLines.ts";
import { renderRun } from "./renderRun.ts";
import { isLively, note, print, type World } from "./world.ts";

export interface WatchOptions {
  runDir: string;
  run: ResolvedRun;
  client: RpcClient;
  /** JSON goes to stdout at the end, so progress is plain and goes to stderr. */
  json: boolean;
  /** What Ctrl-C does now, as the screen says it. */
  interrupt: () => string;
  signal: AbortSignal;
}

/**
 * Shows a run's progress until its owner ends or the signal aborts; a picture that is drawn in place on a terminal, plain
 * lines elsewhere. Answers the run's view as its journal has it then.
 */
export async function watch(world: World, options: WatchOptions): Promise<RunView> {
  const { run, client, signal } = options;
  const detail = emptyDetail();
  let shown = emptyRunView();
  let following = true;
  const lively = isLively(world) && !options.json;
  const line = plainLines(run.config);
  const say = options.json ? note : print;
  if (!lively) say(world, `Run ${run.id} in ${path.resolve(options.runDir)}`);
  const screen: LiveScreen | null = lively
    ? liveScreen(world.stdout, (size) => picture(world, shown, { ...options, ...size, detail, following }))
    : null;
  try {
    await follow(client, run.id, {
      since: 0,
      types: progressTypes,
      signal,
      onRecord(record, view) {
        shown = view;
        applyDetail(detail, record);
        const text = lively ? null : line(view, record);
        if (text !== null) say(world, text);
      },
      onChange: () => screen?.touch(),
    });
    // The journal knows what a lost connection does not: whether the run ended, and how.
    if (!signal.aborted) shown = await readRunView(options.runDir);
    following = false;
    return shown;
  } finally {
    screen?.end();
  }
}

function picture(
  world: World,
  view: RunView,
  options: WatchOptions & { width: number; height: number; detail: RunDetail; following: boolean },
): string[] {
  const { run, runDir, width, height, detail } = options;
  return renderRun(view, {
    width,
    height,
    now: world.now(),
    config: run.config,
    detail,
    id: run.id,
    directory: path.resolve(runDir),
    program: world.program,
    interrupt: options.following ? options.interrupt() : null,
    paint: coloured,
  });
}
