import * as vscode from "vscode";

type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** Work with a notification that can cancel it. */
export async function withCancel<T>(
  title: string,
  work: (progress: Progress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    const listening = token.onCancellationRequested(() => abort.abort());
    try {
      return await work(progress, abort.signal);
    } finally {
      listening.dispose();
    }
  }) as Promise<T>;
}

/** The same with how far the work is: `share`, in [0, 1], where it has a measure. */
export async function withProgress<T>(
  title: string,
  work: (report: (message: string, share: number | null) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withCancel(title, (progress, signal) => {
    let shown = 0;
    const report = (message: string, share: number | null) => {
      const percent = share === null ? 0 : Math.max(0, 100 * share - shown);
      shown += percent;
      progress.report({ message, increment: percent });
    };
    return work(report, signal);
  });
}
