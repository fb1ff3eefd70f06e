/** What VS Code gives a webview's page; it can be taken once. */
export interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export function takeVsCodeApi(): VsCodeApi {
  return acquireVsCodeApi();
}
