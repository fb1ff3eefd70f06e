/** How a module that knows no VS Code says things in the person's language: `vscode.l10n` is one. Arguments fill `{0}`, `{1}`, … */
export interface L10n {
  t(message: string, ...args: (string | number | boolean)[]): string;
}
