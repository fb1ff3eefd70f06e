const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const plainEvery = 10_000; // ms between lines where there is no terminal to redraw

const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/**
 * Shows one long step: a spinner on a terminal, a line now and then elsewhere. Written to stderr, so that a
 * task's own output stays clean.
 *
 * @template T
 * @param {string} label what is being done, e.g. "Installing Python packages"
 * @param {(say: (detail: string) => void) => Promise<T>} work `say` replaces the detail behind the label
 * @returns {Promise<T>}
 */
export async function step(label, work, out = process.stderr) {
  const started = Date.now();
  let detail = "";
  let frame = 0;
  const live = out.isTTY === true;
  const draw = () => {
    const head = `${frames[frame++ % frames.length]} ${label} (${seconds(started)})`;
    const width = (out.columns ?? 80) - 1;
    out.write(`\r\x1b[2K${(detail ? `${head} · ${detail}` : head).slice(0, width)}`);
  };
  const line = () => out.write(`  … ${label} (${seconds(started)})${detail ? ` · ${detail}` : ""}\n`);
  if (live) draw();
  else out.write(`• ${label}\n`);
  const timer = setInterval(live ? draw : line, live ? 100 : plainEvery);
  const finish = (mark) => {
    clearInterval(timer);
    out.write(`${live ? "\r\x1b[2K" : ""}${mark} ${label} (${seconds(started)})\n`);
  };
  try {
    const result = await work((text) => {
      detail = text;
    });
    finish("✓");
    return result;
  } catch (error) {
    finish("✗");
    throw error;
  }
}
