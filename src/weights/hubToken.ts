import * as vscode from "vscode";

const KEY = "rzero.huggingFaceToken";

/** The person's Hugging Face token: in the editor's secret storage and nowhere else. It goes to an agent only with a download. */
export async function hubToken(secrets: vscode.SecretStorage): Promise<string | null> {
  return (await secrets.get(KEY)) ?? null;
}

/** `R-Zero: Set Hugging Face Token`; an empty answer forgets it. @returns whether there is one now */
export async function setHubToken(secrets: vscode.SecretStorage): Promise<boolean> {
  const answer = await vscode.window.showInputBox({
    title: vscode.l10n.t("R-Zero: Set Hugging Face Token"),
    prompt: vscode.l10n.t(
      "A token with read access, for private and gated models. It is kept in the editor's secret storage; leave it empty to forget it.",
    ),
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) =>
      value === "" || /^[\x21-\x7e]{8,500}$/.test(value.trim())
        ? null
        : vscode.l10n.t("This does not look like a token."),
  });
  if (answer === undefined) return (await hubToken(secrets)) !== null;
  const token = answer.trim();
  if (token === "") {
    await secrets.delete(KEY);
    await vscode.window.showInformationMessage(vscode.l10n.t("The Hugging Face token was forgotten."));
    return false;
  }
  await secrets.store(KEY, token);
  await vscode.window.showInformationMessage(vscode.l10n.t("The Hugging Face token was stored."));
  return true;
}
