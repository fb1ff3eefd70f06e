import { duration } from "./format.ts";
import { bar } from "./glyphs.ts";
import { coloured, shorten } from "./layout.ts";
import { liveScreen } from "./liveScreen.ts";
import type { MakerProgress } from "./modelMaker.ts";
import { isLively, note, print, type World } from "./world.ts";

/** Plain lines come no more often than this. */
const LINE_SECONDS = 10;

/** Shows on the world's screen how a model is being made, while `work` makes it. */
export async function withModelProgress<T>(
  world: World,
  json: boolean,
  work: (onProgress: (progress: MakerProgress) => void) => Promise<T>,
): Promise<T> {
  let newest: MakerProgress | null = null;
  let said = Number.NEGATIVE_INFINITY;
  const say = json ? note : print;
  let screen: ReturnType<typeof liveScreen> | null = null;
  try {
    return await work((progress) => {
      newest = progress;
      if (isLively(world) && !json) {
        screen ??= liveScreen(world.stdout, ({ width }) => (newest === null ? [] : [picture(newest, width)]));
        screen.touch();
      } else if (progress.seconds - said >= LINE_SECONDS || progress.step === progress.steps) {
        said = progress.seconds;
        say(world, progressText(progress));
      }
    });
  } finally {
    (screen as ReturnType<typeof liveScreen> | null)?.end();
  }
}

function picture(progress: MakerProgress, width: number): string {
  const text = progressText(progress);
  const room = Math.min(24, width - text.length - 1);
  const filled = bar(progress.step / progress.steps, Math.max(0, room));
  return room < 5 ? shorten(text, width) : `${coloured("cyan", filled)} ${text}`;
}

/** `Pre-training the base model  120/500 steps  loss 1.23  14 s, about 45 s left`, or the maker's own words and the time. */
export function progressText({ step, steps, seconds, loss, text }: MakerProgress): string {
  const left = step === 0 ? null : (seconds / step) * (steps - step);
  const time =
    left === null || step === steps ? duration(seconds) : `${duration(seconds)}, about ${duration(left)} left`;
  if (text !== undefined) return `${text}  ${time}`;
  return `Pre-training the base model  ${step}/${steps} steps${loss === undefined ? "" : `  loss ${loss.toFixed(2)}`}  ${time}`;
}
