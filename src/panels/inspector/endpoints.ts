import * as vscode from "vscode";
import * as z from "zod";
import type { EndpointRef } from "./messages.ts";

const KEY = "rzero.inspector.endpoints";
const MOST = 20;
const endpoints = z
  .array(z.object({ url: z.url({ protocol: /^https?$/ }).max(2000), model: z.string().min(1).max(300) }))
  .max(MOST);

/** The key of a server: in the editor's secret storage and nowhere else. It goes to an agent only with a question that is asked there. */
export async function endpointKey({ secrets }: Pick<vscode.ExtensionContext, "secrets">, url: string) {
  return await secrets.get(secretOf(url));
}

/** Lets the person choose a server that speaks OpenAI's chat completions, or name another one. `host` is who talks to it. */
export async function pickEndpoint(context: vscode.ExtensionContext, host: string): Promise<EndpointRef | null> {
  const known = read(context.globalState);
  const title = vscode.l10n.t("Ask Another Server");
  const items: (vscode.QuickPickItem & { endpoint: EndpointRef | null })[] = [
    ...known.map((endpoint) => ({ label: endpoint.model, description: endpoint.url, endpoint })),
    { label: vscode.l10n.t("$(add) Another server…"), endpoint: null },
  ];
  const picked = known.length === 0 ? items[0] : await vscode.window.showQuickPick(items, { title });
  if (picked === undefined) return null;
  const named = picked.endpoint ?? (await nameEndpoint(context, title, host));
  if (named === null) return null;
  const others = known.filter(({ url, model }) => url !== named.url || model !== named.model);
  await context.globalState.update(KEY, [named, ...others].slice(0, MOST));
  return named;
}

async function nameEndpoint(
  context: vscode.ExtensionContext,
  title: string,
  host: string,
): Promise<EndpointRef | null> {
  const url = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("Base URL of a server that speaks OpenAI's chat completions, as {host} reaches it.", {
      host,
    }),
    placeHolder: "https://api.openai.com/v1",
    ignoreFocusOut: true,
    validateInput: (typed) =>
      endpoints.element.shape.url.safeParse(typed.trim()).success
        ? null
        : vscode.l10n.t("This is no http or https URL."),
  });
  if (url === undefined) return null;
  const model = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t("The model's name on that server."),
    ignoreFocusOut: true,
    validateInput: (typed) =>
      endpoints.element.shape.model.safeParse(typed.trim()).success
        ? null
        : vscode.l10n.t("A name of 1 to 300 characters."),
  });
  if (model === undefined) return null;
  const stored = await endpointKey(context, url.trim());
  const key = await vscode.window.showInputBox({
    title,
    prompt:
      stored === undefined
        ? vscode.l10n.t(
            "Its key, where it needs one. It is kept in the editor's secret storage, sent to {host} for each question, and written nowhere.",
            { host },
          )
        : vscode.l10n.t("Its key; left empty, the stored one stays. A single “-” forgets it."),
    password: true,
    ignoreFocusOut: true,
    validateInput: (typed) =>
      typed === "" || typed === "-" || /^[\x21-\x7e]{1,4000}$/.test(typed.trim())
        ? null
        : vscode.l10n.t("This does not look like a key."),
  });
  if (key === undefined) return null;
  if (key === "-") await context.secrets.delete(secretOf(url.trim()));
  else if (key.trim() !== "") await context.secrets.store(secretOf(url.trim()), key.trim());
  return { url: url.trim(), model: model.trim() };
}

function secretOf(url: string): string {
  return `rzero.endpoint:${url}`;
}

function read(state: vscode.Memento): EndpointRef[] {
  const parsed = endpoints.safeParse(state.get(KEY, []));
  return parsed.success ? parsed.data : [];
}
