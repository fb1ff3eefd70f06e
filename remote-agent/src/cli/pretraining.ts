import type { Installation } from "../run/launch.ts";
import { demoModel, type PretrainProgress } from "./demoModel.ts";
import { duration } from "./format.ts";
import { bar } from "./glyphs.ts";
import { coloured, shorten } from "./layout.ts";
import { liveScreen } from "./liveScreen.ts";
import { isLively, note, print, type World } from "./world.ts";

/** Plain lines come no more often than this. */
const LINE_SECONDS = 10;

/** The demo's base model, pre-trained first where the cache has none, with progress. @throws DemoModelFailed, Interrupted */
export async function pretrainedModel(
  world: World,
  installation: Installation,
  options: { seed: number; json: boolean; signal: AbortSignal },
): Promise<string> {
  let newest: PretrainProgress | null = null;
  let said = Number.NEGATIVE_INFINITY;
  const say = options.json ? note : print;
  let screen: ReturnType<typeof liveScreen> | null = null;
  try {
    return await demoModel(
      installation,
      options.seed,
      (progress) => {
        newest = progress;
        if (isLively(world) && !options.json) {
          screen ??= liveScreen(world.stdout, ({ width }) => (newest === null ? [] : [picture(newest, width)]));
          screen.touch();
        } else if (progress.seconds - said >= LINE_SECONDS || progress.step === progress.steps) {
          said = progress.seconds;
          say(world, pretrainingText(progress));
        }
      },
      options.signal,
    );
  } finally {
    (screen as ReturnType<typeof liveScreen> | null)?.end();
  }
}

function picture(progress: PretrainProgress, width: number): string {
  const text = pretrainingText(progress);
  const room = Math.min(24, width - text.length - 1);
  const filled = bar(progress.step / progress.steps, Math.max(0, room));
  return room < 5 ? shorten(text, width) : `${coloured("cyan", filled)} ${text}`;
}

/** `Pre-training the base model  120/500 steps  loss 1.23  14 s, about 45 s left` */
export function pretrainingText({ step, steps, seconds, loss }: PretrainProgress): string {
  const left = step === 0 ? null : (seconds / step) * (steps - step);
  const time =
    left === null || step === steps ? duration(seconds) : `${duration(seconds)}, about ${duration(left)} left`;
  return `Pre-training the base model  ${step}/${steps} steps${loss === undefined ? "" : `  loss ${loss.toFixed(2)}`}  ${time}`;
}
