import { createLogUpdate } from "log-update";
import type { Screen } from "./world.ts";

export interface LiveScreen {
  /** There may be something new to show. */
  touch(): void;
  /** Draws a last time and leaves the picture on the screen. */
  end(): void;
}

const REDRAW_MS = 100;
const CLOCK_MS = 1000;

/**
 * A part of the terminal that is drawn again in place, ten times a second at most, and once a second for the clock. The
 * picture is asked for anew each time with the size the terminal has then.
 */
export function liveScreen(screen: Screen, draw: (size: { width: number; height: number }) => string[]): LiveScreen {
  const update = createLogUpdate(screen as NodeJS.WriteStream, { showCursor: false });
  let timer: NodeJS.Timeout | null = null;
  const redraw = () => {
    timer = null;
    // One column stays free: some terminals wrap when the last one is written.
    update(draw({ width: (screen.columns ?? 80) - 1, height: screen.rows ?? 24 }).join("\n"));
  };
  const touch = () => {
    timer ??= setTimeout(redraw, REDRAW_MS);
  };
  const resized = () => {
    update.clear();
    touch();
  };
  const clock = setInterval(touch, CLOCK_MS);
  screen.on("resize", resized);
  return {
    touch,
    end() {
      clearInterval(clock);
      if (timer !== null) clearTimeout(timer);
      screen.off("resize", resized);
      redraw();
      update.done();
    },
  };
}
