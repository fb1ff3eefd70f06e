import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { deploy } from "../deploy/deploy.ts";
import { packPayload } from "../deploy/payload.ts";
import { connectorOf } from "../hosts/connector.ts";
import { settingsOf } from "../hosts/hostSettings.ts";
import { pickHost } from "../hosts/pickHost.ts";
import { AgentClient } from "../link/agentClient.ts";
import type { Attached } from "../link/hostLink.ts";
import { connectTo } from "../ssh/connect.ts";
import { localTransport } from "../ssh/localTransport.ts";
import { HostEntry } from "./hostEntry.ts";
import { RunTree } from "./runTree.ts";
import type { TreeLine } from "./treeModel.ts";

const HOSTS_KEY = "rzero.explorer.hosts";
/** This machine among the hosts, as in the setting rzero.hosts. */
const LOCAL = "local";

/** The run explorer: hosts that the person added, their runs, and what can be done with them. */
export class Explorer implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #hosts = new Map<string, HostEntry>();
  readonly #tree: RunTree;
  readonly #view: vscode.TreeView<TreeLine>;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    this.#tree = new RunTree(() => [...this.#hosts.values()].map(({ model }) => model));
    this.#view = vscode.window.createTreeView("rzero.runs", { treeDataProvider: this.#tree });
    for (const alias of context.globalState.get<string[]>(HOSTS_KEY, [])) this.#add(alias);
  }

  /** `R-Zero: Add Host`: chosen, connected, remembered. */
  async addHost(): Promise<void> {
    const host = await pickHost(vscode.l10n.t("R-Zero: Add Host"));
    if (host === undefined) return;
    const entry = this.#add(host.alias ?? LOCAL);
    await this.#remember();
    entry.link.connect();
  }

  connect(line: TreeLine | undefined): void {
    this.#entryOf(line)?.link.connect();
  }

  async disconnect(line: TreeLine | undefined): Promise<void> {
    await this.#entryOf(line)?.link.close();
  }

  /** Takes a host off the list; what lies on it stays there. */
  async forget(line: TreeLine | undefined): Promise<void> {
    const entry = this.#entryOf(line);
    if (entry === undefined) return;
    this.#hosts.delete(entry.id);
    await entry.dispose();
    await this.#remember();
    this.#tree.redraw();
  }

  async refresh(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((entry) => entry.refresh()));
  }

  async steer(what: "pause" | "resume" | "stop", line: TreeLine | undefined): Promise<void> {
    const entry = this.#entryOf(line);
    const run = line?.run ?? null;
    if (entry === undefined || run === null) {
      await vscode.window.showInformationMessage(vscode.l10n.t("Choose a run in the explorer first."));
      return;
    }
    try {
      // The id makes a repeat harmless: asked twice, it is done once.
      await entry.link.request(`runs/${what}`, { run, command: randomUUID(), by: "vscode" }, { limitMs: 120_000 });
      await entry.refresh();
    } catch (error) {
      await this.#tell(entry.name, error);
    }
  }

  dispose(): void {
    for (const entry of this.#hosts.values()) entry.dispose();
    this.#view.dispose();
    this.#tree.dispose();
  }

  #add(alias: string): HostEntry {
    const known = this.#hosts.get(alias);
    if (known !== undefined) return known;
    const name = alias === LOCAL ? vscode.l10n.t("This machine") : alias;
    const entry = new HostEntry(
      { id: alias, name },
      {
        attach: (onStep, signal) => this.#attach(alias, name, onStep, signal),
        now: Date.now,
        random: Math.random,
      },
      { changed: () => this.#tree.redraw(), error: (error) => this.#log.warn(`${name}: ${error.message}`) },
    );
    this.#hosts.set(alias, entry);
    this.#tree.redraw();
    return entry;
  }

  async #attach(alias: string, name: string, onStep: (step: string) => void, signal: AbortSignal): Promise<Attached> {
    const settings = settingsOf(
      vscode.workspace.getConfiguration("rzero").get("hosts"),
      alias === LOCAL ? "local" : alias,
    );
    const transport =
      alias === LOCAL
        ? localTransport(name, process.env)
        : await connectTo(connectorOf(this.#context.globalStorageUri, this.#log), alias, signal);
    try {
      const payload = await packPayload(this.#context.extensionPath);
      const progress = (step: string, detail: string | null) => {
        this.#log.info(`${name}: ${step}${detail === null ? "" : ` · ${detail}`}`);
        onStep(step);
      };
      const deployment = await deploy(transport, { settings, payload, onProgress: progress, signal });
      const served = await deployment.serve(signal);
      const client = new AgentClient(name, served.stream);
      await client.request("agent/hello", { client: "vscode" });
      return {
        client,
        lost: transport.closed,
        close: async () => {
          client.close();
          served.close();
          await transport.close();
        },
      };
    } catch (error) {
      await transport.close();
      this.#log.error(`${name}: ${error instanceof Error ? error.message : error}`);
      throw error;
    }
  }

  #entryOf(line: TreeLine | undefined): HostEntry | undefined {
    return line === undefined ? undefined : this.#hosts.get(line.host);
  }

  async #remember(): Promise<void> {
    await this.#context.globalState.update(HOSTS_KEY, [...this.#hosts.keys()]);
  }

  async #tell(host: string, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    this.#log.error(`${host}: ${message}`);
    await vscode.window.showErrorMessage(`${host}: ${message}`);
  }
}
