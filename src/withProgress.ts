import * as vscode from "vscode";

/** Work with a notification that says how far it is and can cancel it. `share`, in [0, 1], where it has a measure. */
export async function withProgress<T>(
  title: string,
  work: (report: (message: string, share: number | null) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    const listening = token.onCancellationRequested(() => abort.abort());
    let shown = 0;
    const report = (message: string, share: number | null) => {
      const percent = share === null ? 0 : Math.max(0, 100 * share - shown);
      shown += percent;
      progress.report({ message, increment: percent });
    };
    try {
      return await work(report, abort.signal);
    } finally {
      listening.dispose();
    }
  }) as Promise<T>;
}
