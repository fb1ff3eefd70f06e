import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { z } from "zod";
import type { Services } from "../../services.ts";
import { HostEnd } from "./hostEnd.ts";
import type {
  EventName,
  PanelContract,
  PanelState,
  PanelWords,
  RequestHandlers,
  RequestName,
  RequestParams,
} from "./messages.ts";
import { page } from "./page.ts";
import { viewType } from "./viewType.ts";

/** What answers one open panel. */
export interface PanelService<C extends PanelContract> extends vscode.Disposable {
  readonly requests: RequestHandlers<C>;
  /** The page listens and is about to be told its state: answers to what it asks then can go before it. */
  ahead?(): void;
  /** The page listens, for the first time or again after it was hidden: everything it shows has to be told. */
  ready(): void;
  /** The person has moved on. */
  onState(state: PanelState<C>): void;
}

/** A kind of panel. Its page is `dist/webview/<name>.js` and `<name>.css`, its view type is `rzero.<name>`. */
export interface PanelKind<C extends PanelContract> {
  readonly name: string;
  readonly contract: C;
  title(state: PanelState<C>): string;
  words(): PanelWords<C>;
  serve(panel: Panel<C>, services: Services): PanelService<C>;
}

/** Opens a panel of a kind beside what is open. */
export function openPanel<C extends PanelContract>(
  kind: PanelKind<C>,
  services: Services,
  state: PanelState<C>,
): Panel<C> {
  const made = vscode.window.createWebviewPanel(
    viewType(kind.name),
    kind.title(state),
    vscode.ViewColumn.Active,
    options(services),
  );
  return new Panel(kind, services, made, state);
}

/** A panel that comes back after the window was reloaded. A state of another version opens with `otherwise`. */
export function restoredPanel<C extends PanelContract>(
  kind: PanelKind<C>,
  services: Services,
  made: vscode.WebviewPanel,
  raw: unknown,
  otherwise: PanelState<C>,
): Panel<C> {
  const state = kind.contract.state.safeParse(raw);
  made.webview.options = options(services);
  return new Panel(kind, services, made, state.success ? (state.data as PanelState<C>) : otherwise);
}

/** One open panel: the page with its policy, the messages, and the state that is kept. */
export class Panel<C extends PanelContract> {
  readonly #kind: PanelKind<C>;
  readonly #made: vscode.WebviewPanel;
  readonly #end: HostEnd<C>;
  readonly #gone = new vscode.EventEmitter<void>();
  #state: PanelState<C>;
  readonly onDidDispose = this.#gone.event;

  constructor(kind: PanelKind<C>, services: Services, made: vscode.WebviewPanel, state: PanelState<C>) {
    this.#kind = kind;
    this.#made = made;
    this.#state = state;
    const service = kind.serve(this, services);
    this.#end = new HostEnd(kind.contract, {
      post: (message) => void made.webview.postMessage(message),
      handlers: service.requests,
      ready: () => {
        service.ahead?.();
        this.#end.sendState(this.#state);
        service.ready();
      },
      onState: (changed) => {
        this.#state = changed;
        this.#made.title = kind.title(changed);
        service.onState(changed);
      },
      report: (message) => services.log.warn(`${viewType(kind.name)}: ${message}`),
    });
    const listening = made.webview.onDidReceiveMessage((raw) => this.#end.receive(raw));
    made.onDidDispose(() => {
      listening.dispose();
      this.#end.close();
      service.dispose();
      this.#gone.fire();
      this.#gone.dispose();
    });
    made.title = kind.title(state);
    made.iconPath = vscode.Uri.joinPath(services.context.extensionUri, "media", "icon.svg");
    made.webview.html = this.#page(services);
  }

  get state(): PanelState<C> {
    return this.#state;
  }

  /** Moves the page, for instance to another run. */
  navigate(state: PanelState<C>): void {
    this.#state = state;
    this.#made.title = this.#kind.title(state);
    this.#end.sendState(state);
  }

  send<E extends EventName<C>>(name: E, value: z.input<C["events"][E]>): void {
    this.#end.send(name, value);
  }

  /** The answer to what the page is about to ask. */
  sendAhead<M extends RequestName<C>>(
    method: M,
    params: RequestParams<C, M>,
    value: z.input<C["requests"][M]["result"]>,
  ): void {
    this.#end.sendAhead(method, params, value);
  }

  get visible(): boolean {
    return this.#made.visible;
  }

  /** It has the focus. */
  get active(): boolean {
    return this.#made.active;
  }

  reveal(): void {
    this.#made.reveal();
  }

  #page(services: Services): string {
    const { webview } = this.#made;
    const file = (extension: string) =>
      webview.asWebviewUri(vscode.Uri.joinPath(folder(services), `${this.#kind.name}.${extension}`)).toString();
    return page({
      script: file("js"),
      style: file("css"),
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString("base64"),
      styleNonce: randomBytes(16).toString("base64"),
      language: vscode.env.language,
      title: this.#made.title,
      words: this.#kind.words(),
    });
  }
}

function folder({ context }: Services): vscode.Uri {
  return vscode.Uri.joinPath(context.extensionUri, "dist", "webview");
}

function options(services: Services): vscode.WebviewOptions & vscode.WebviewPanelOptions {
  return {
    enableScripts: true,
    enableForms: false,
    enableCommandUris: false,
    enableFindWidget: true,
    localResourceRoots: [folder(services), vscode.Uri.joinPath(services.context.extensionUri, "media")],
  };
}
