import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { Duplex } from "node:stream";
import type { Browser } from "playwright-core";
import { AgentClient } from "../../src/link/agentClient.ts";
import type { HostEnd } from "../../src/panels/base/hostEnd.ts";
import type { PanelWords, RequestHandlers } from "../../src/panels/base/messages.ts";
import {
  type InspectorContract,
  type InspectorState,
  inspectorContract,
  type RunFacts,
  stateOf,
} from "../../src/panels/inspector/messages.ts";
import { Reasks } from "../../src/panels/inspector/reasks.ts";
import { englishWords, openPanelPage, type PanelPage } from "./panelPage.ts";
import type { ThemeName } from "./themes.ts";

const root = resolve(import.meta.dirname, "../..");

export interface InspectedAgent {
  readonly client: AgentClient;
  close(): Promise<void>;
}

/** `rzero serve --stdio` in a process of its own, at the other end the extension's client. */
export function inspectedAgent(home: string, cache: string): InspectedAgent {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(root, "remote-agent/src/cli.ts"), "serve", "--stdio"],
    {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, RZERO_HOME: home, XDG_CACHE_HOME: cache },
    },
  );
  const exited = once(child, "exit");
  child.stdin.on("error", () => undefined); // it has ended
  const client = new AgentClient("this machine", Duplex.from({ readable: child.stdout, writable: child.stdin }));
  return {
    client,
    close: async () => {
      client.close();
      child.stdin.end();
      await exited;
    },
  };
}

export interface Asked {
  copied: string[];
  diffs: [string, string][];
  /** What a reviewer was said to do. */
  decided: string[];
  /** Of what reports were asked for. */
  reports: unknown[];
  /** Methods in the order in which the page asked them. */
  methods: string[];
}

export const HOST = "local";

export function factsOf(run: string, more: Partial<RunFacts> = {}): RunFacts {
  return {
    host: HOST,
    hostName: "This machine",
    run,
    name: "a run",
    state: "completed",
    live: false,
    stages: [],
    link: { kind: "connected", lastHeard: 1_764_000_000_000, why: null },
    ...more,
  };
}

/** The inspector's built page against a real agent; what VS Code would do is written down in `asked`. */
export async function openInspector(
  browser: Browser,
  files: ReadonlyMap<string, Uint8Array>,
  client: Pick<AgentClient, "request"> & Partial<Pick<AgentClient, "onReask">>,
  options: {
    run: string;
    state?: InspectorState;
    theme?: ThemeName;
    size?: { width: number; height: number };
    facts?: Partial<RunFacts>;
    framed?: boolean;
    more?: Partial<RequestHandlers<InspectorContract>>;
    ahead?: (end: HostEnd<InspectorContract>) => void;
  },
): Promise<PanelPage<InspectorContract> & { asked: Asked }> {
  const asked: Asked = { copied: [], diffs: [], methods: [], decided: [], reports: [] };
  const reasks = new Reasks({
    link: () => ({
      request: client.request.bind(client),
      onReask: (listener) => {
        client.onReask?.(listener);
        return () => undefined; // a client tells for as long as it lives
      },
    }),
    key: async () => undefined,
    newCommand: randomUUID,
    changed: (progress) => opened.end.send("reask", progress),
  });
  const words = await englishWords<PanelWords<InspectorContract>>("src/panels/inspector/words.ts", "inspectorWords");
  const told = <T>(method: string, answer: Promise<T>): Promise<T> => {
    asked.methods.push(method);
    return answer;
  };
  const handlers: RequestHandlers<InspectorContract> = {
    questions: ({ run, query }, signal) =>
      told("questions", client.request("runs/questions", { run, query }, { signal })),
    facets: ({ run, filter, facets }, signal) =>
      told("facets", client.request("runs/facets", { run, filter, facets }, { signal })),
    question: ({ run, id }, signal) => told("question", client.request("runs/question", { run, id }, { signal })),
    lineage: ({ host: _, ...query }, signal) => told("lineage", client.request("runs/lineage", query, { signal })),
    record: ({ run, id, textFrom }, signal) =>
      told("record", client.request("runs/record", { run, id, textFrom }, { signal })),
    pickRun: async () => null,
    saveFilter: async () => true,
    pickFilter: async () => null,
    copy: async ({ id, as }) => {
      asked.copied.push(`${as} ${id}`);
      return null;
    },
    diff: async ({ left, right }) => {
      asked.diffs.push([left, right]);
      return null;
    },
    reaskChoices: async () => ({ checkpoints: [] }),
    reask: async ({ host, run, id, wish }) => ({ command: reasks.start({ host, run }, id, wish) }),
    reaskCancel: async ({ command }) => {
      reasks.cancel(command);
      return null;
    },
    reaskProgress: async ({ command }) => reasks.progress(command),
    asides: ({ host: _, ...query }, signal) => client.request("runs/asides", query, { signal }),
    pickEndpoint: async () => null,
    decide: async ({ id, act }) => {
      asked.decided.push(`${act} ${id}`);
      return true;
    },
    report: async (wanted) => {
      asked.reports.push(wanted);
      return null;
    },
    decideMany: async ({ verdict, filter }) => {
      asked.decided.push(`${verdict} all ${JSON.stringify(filter)}`);
      return null;
    },
    ...options.more,
  };
  const opened = await openPanelPage(browser, files, {
    name: "inspector",
    contract: inspectorContract,
    words,
    state: options.state ?? stateOf({ host: HOST, run: options.run }),
    handlers,
    ...(options.theme === undefined ? {} : { theme: options.theme }),
    ...(options.size === undefined ? {} : { size: options.size }),
    ...(options.framed === undefined ? {} : { framed: options.framed }),
    ...(options.ahead === undefined ? {} : { ahead: options.ahead }),
    ready: (end) => end.send("run", factsOf(options.run, options.facts)),
  });
  return { ...opened, asked };
}
