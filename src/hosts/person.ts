import * as vscode from "vscode";
import { oneLine } from "../oneLine.ts";
import type { Prompter } from "../ssh/prompter.ts";

/** Asks the person at this window. Server text is shown as plain text; secrets are typed unseen and kept nowhere. */
export const person: Prompter = {
  async secret({ host, kind, prompt, echo }, signal) {
    const title = {
      passphrase: vscode.l10n.t("R-Zero: passphrase for {0}", host),
      password: vscode.l10n.t("R-Zero: password for {0}", host),
      challenge: vscode.l10n.t("R-Zero: {0} asks", host),
    }[kind];
    const answer = await vscode.window.showInputBox(
      // VS Code makes links of what a server writes here, and some of them would run commands.
      { title, prompt: oneLine(prompt), password: !echo, ignoreFocusOut: true },
      tokenOf(signal),
    );
    return answer ?? null;
  },

  async acceptHostKey({ name, keyType, fingerprint }, otherTypesKnown) {
    const detail = [
      vscode.l10n.t("It shows a {0} key with the fingerprint", keyType),
      fingerprint,
      vscode.l10n.t("Compare it with one that you got another way, such as from the cluster's documentation."),
      ...(otherTypesKnown
        ? [
            vscode.l10n.t(
              "Careful: keys of other types are already known for this host, and it did not show one of those.",
            ),
          ]
        : []),
    ].join("\n\n");
    const connect = vscode.l10n.t("This Is the Host: Connect");
    const message = vscode.l10n.t("The host {0} is not known yet.", name);
    return (await vscode.window.showWarningMessage(message, { modal: true, detail }, connect)) === connect;
  },
};

/** Asks nobody: each question is told to `instead`, and is not answered. */
export function nobody(instead: () => void): Prompter {
  return {
    async secret() {
      instead();
      return null;
    },
    async acceptHostKey() {
      instead();
      return false;
    },
  };
}

function tokenOf(signal: AbortSignal): vscode.CancellationToken {
  const source = new vscode.CancellationTokenSource();
  if (signal.aborted) source.cancel();
  signal.addEventListener("abort", () => source.cancel(), { once: true });
  return source.token;
}
