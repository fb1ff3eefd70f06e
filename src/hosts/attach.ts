import * as vscode from "vscode";
import { type Deployment, deploy } from "../deploy/deploy.ts";
import { packPayload } from "../deploy/payload.ts";
import { connectAgent } from "../link/connectAgent.ts";
import type { Attached } from "../link/hostLink.ts";
import { connectTo } from "../ssh/connect.ts";
import { localTransport } from "../ssh/localTransport.ts";
import { type Transport, TransportError } from "../ssh/transport.ts";
import { connectorOf } from "./connector.ts";
import { hostLog } from "./hostLog.ts";
import { settingsOf } from "./hostSettings.ts";
import { LOCAL } from "./localHost.ts";
import { nodePorts } from "./nodePorts.ts";

/** A host by its id (`local`, or an alias of the SSH configuration) and as the person reads it. */
export interface NamedHost {
  readonly id: string;
  readonly name: string;
}

/** A way to the host: this machine's own processes, or its SSH. @throws TransportError */
export async function transportTo(
  { id, name }: NamedHost,
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  signal: AbortSignal,
): Promise<Transport> {
  if (id === LOCAL) return localTransport(name, process.env);
  return connectTo(connectorOf(context.globalStorageUri, log), id, signal);
}

/** Connects to a host, brings the agent there where it is missing, and starts it. @throws TransportError, HostSettingsInvalid */
export async function attachTo(
  host: NamedHost,
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  onStep: (step: string) => void,
  signal: AbortSignal,
): Promise<Attached> {
  const { transport, deployment } = await deployTo(host, context, log, onStep, signal);
  try {
    return await connectAgent(transport, (abort) => deployment.serve(transport, abort), signal);
  } catch (error) {
    await transport.close();
    logged(error, host, log);
    throw error;
  }
}

/** Connects to a host and brings the agent there where it is missing. The caller closes the transport. @throws as attachTo */
export async function deployTo(
  host: NamedHost,
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  onStep: (step: string) => void,
  signal: AbortSignal,
): Promise<{ transport: Transport; deployment: Deployment }> {
  const settings = settingsOf(vscode.workspace.getConfiguration("rzero").get("hosts"), host.id);
  const file = hostLog(context.logUri.fsPath, host.id, () => new Date());
  const transport = await transportTo(host, context, log, signal).catch((error: unknown) => {
    logged(error, host, log);
    throw error;
  });
  try {
    const payload = await packPayload(context.extensionPath);
    let last = "";
    const onProgress = (step: string, detail: string | null) => {
      const line = `${step}${detail === null ? "" : ` · ${detail}`}`;
      if (line === last) return;
      last = line;
      log.info(`${host.name}: ${line}`);
      file.add(line);
      onStep(step);
    };
    const node = nodePorts(host, context, onProgress, signal);
    return { transport, deployment: await deploy(transport, { settings, payload, onProgress, signal, node }) };
  } catch (error) {
    const detail = error instanceof TransportError && error.detail !== null ? `: ${error.detail}` : "";
    file.add(`${error instanceof Error ? error.message : error}${detail}`);
    await transport.close();
    logged(error, host, log);
    throw error;
  }
}

function logged(error: unknown, { name }: NamedHost, log: vscode.LogOutputChannel): void {
  if (error instanceof TransportError && error.reason === "cancelled") return;
  log.error(`${name}: ${error instanceof Error ? error.message : error}`);
}
