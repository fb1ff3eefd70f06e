import { withCancel } from "../withProgress.ts";

/** A notification with a bar in bytes, and cancel. */
export async function withWeightsProgress<T>(
  title: string,
  work: (report: (text: string, done: number | null, total: number | null) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withCancel(title, (progress, signal) => {
    let shown = 0;
    const report = (text: string, done: number | null, total: number | null) => {
      if (done === null || total === null || total === 0) return progress.report({ message: text });
      const percent = (100 * done) / total;
      progress.report({ message: `${text} · ${size(done)} / ${size(total)}`, increment: Math.max(0, percent - shown) });
      shown = Math.max(shown, percent);
    };
    return work(report, signal);
  });
}

function size(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}
