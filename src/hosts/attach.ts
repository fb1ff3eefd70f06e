import * as vscode from "vscode";
import { type Deployment, deploy } from "../deploy/deploy.ts";
import { KnownDeployment } from "../deploy/knownDeployment.ts";
import { packPayload } from "../deploy/payload.ts";
import type { Attached } from "../link/hostLink.ts";
import { connectTo } from "../ssh/connect.ts";
import { localTransport } from "../ssh/localTransport.ts";
import { type Transport, TransportError } from "../ssh/transport.ts";
import { connectorOf } from "./connector.ts";
import { hostLog } from "./hostLog.ts";
import { type HostSettings, settingsOf } from "./hostSettings.ts";
import { LOCAL } from "./localHost.ts";
import { nodePorts } from "./nodePorts.ts";

/** A host by its id (`local`, or an alias of the SSH configuration) and as the person reads it. */
export interface NamedHost {
  readonly id: string;
  readonly name: string;
}

/** What is needed to reach hosts. */
export interface Reaching {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly signal: AbortSignal;
  /** Called instead of asking the person anything, which then counts as not answered; absent: the person may be asked. */
  readonly instead?: () => void;
}

/** A way to the host: this machine's own processes, or its SSH. @throws TransportError */
export async function transportTo(
  { id, name }: NamedHost,
  { context, log, signal, instead }: Reaching,
): Promise<Transport> {
  if (id === LOCAL) return localTransport(name, process.env);
  return connectTo(connectorOf(context.globalStorageUri, log, instead), id, signal);
}

/** Nothing is known of the host's agent yet. */
export function newDeployment(): KnownDeployment {
  return new KnownDeployment(Date.now);
}

/**
 * Connects to a host and starts its agent, which is brought there where it is missing. @throws TransportError, HostSettingsInvalid
 */
export async function attachTo(
  host: NamedHost,
  known: KnownDeployment,
  onStep: (step: string) => void,
  reaching: Reaching,
): Promise<Attached> {
  const settings = ownSettings(host);
  const transport = await reached(host, reaching);
  try {
    return await known.attach(transport, {
      deploy: () => brought(host, transport, settings, onStep, reaching),
      settings: JSON.stringify(settings),
      signal: reaching.signal,
    });
  } catch (error) {
    await transport.close();
    logged(error, host, reaching);
    throw error;
  }
}

/** Connects to a host and brings the agent there where it is missing. The caller closes the transport. @throws as attachTo */
export async function deployTo(
  host: NamedHost,
  onStep: (step: string) => void,
  reaching: Reaching,
): Promise<{ transport: Transport; deployment: Deployment }> {
  const settings = ownSettings(host);
  const transport = await reached(host, reaching);
  try {
    return { transport, deployment: await brought(host, transport, settings, onStep, reaching) };
  } catch (error) {
    await transport.close();
    logged(error, host, reaching);
    throw error;
  }
}

/** @throws HostSettingsInvalid */
function ownSettings({ id }: NamedHost): HostSettings {
  return settingsOf(vscode.workspace.getConfiguration("rzero").get("hosts"), id);
}

async function reached(host: NamedHost, reaching: Reaching): Promise<Transport> {
  return transportTo(host, reaching).catch((error: unknown) => {
    logged(error, host, reaching);
    throw error;
  });
}

async function brought(
  host: NamedHost,
  transport: Transport,
  settings: HostSettings,
  onStep: (step: string) => void,
  { context, log, signal, instead }: Reaching,
): Promise<Deployment> {
  const file = hostLog(context.logUri.fsPath, host.id, () => new Date());
  let last = "";
  const onProgress = (step: string, detail: string | null) => {
    const line = `${step}${detail === null ? "" : ` · ${detail}`}`;
    if (line === last) return;
    last = line;
    log.info(`${host.name}: ${line}`);
    file.add(line);
    onStep(step);
  };
  try {
    const payload = await packPayload(context.extensionPath);
    const node = nodePorts(host, context, onProgress, signal, instead);
    return await deploy(transport, { settings, payload, onProgress, signal, node });
  } catch (error) {
    const detail = error instanceof TransportError && error.detail !== null ? `: ${error.detail}` : "";
    file.add(`${error instanceof Error ? error.message : error}${detail}`);
    throw error;
  }
}

function logged(error: unknown, { name }: NamedHost, { log }: Pick<Reaching, "log">): void {
  if (error instanceof TransportError && error.reason === "cancelled") return;
  log.error(`${name}: ${error instanceof Error ? error.message : error}`);
}
