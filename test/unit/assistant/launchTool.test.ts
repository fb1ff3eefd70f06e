// The tools that change something, with the editor's questions and a host's answers standing in: what is asked, and what is done after.

import { beforeEach, describe, expect, it, vi } from "vitest";

const editor = vi.hoisted(() => ({
  isTrusted: true,
  /** What the person presses in dialogs, in turn. */
  presses: [] as string[],
  asked: [] as string[],
}));

vi.mock("vscode", () => {
  const ask = async (message: string, options: { detail?: string }) => {
    editor.asked.push(`${message}\n${options?.detail ?? ""}`);
    return editor.presses.shift();
  };
  class MarkdownString {
    value: string;
    constructor(value = "") {
      this.value = value;
    }
    appendText(text: string) {
      this.value += text;
      return this;
    }
  }
  return {
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, n) => String(args[n])) },
    workspace: {
      get isTrusted() {
        return editor.isTrusted;
      },
    },
    window: {
      showInformationMessage: ask,
      showWarningMessage: ask,
      withProgress: (_: unknown, work: (progress: object, token: object) => unknown) =>
        work({ report: () => undefined }, { onCancellationRequested: () => ({ dispose: () => undefined }) }),
    },
    commands: { executeCommand: async () => undefined },
    ProgressLocation: { Notification: 15 },
    MarkdownString,
  };
});

const { Agreed } = await import("../../../src/assistant/agreed.ts");
const { askToLaunch, launch } = await import("../../../src/assistant/launchTool.ts");
const { askToStop, stop } = await import("../../../src/assistant/stopTool.ts");

const PRESET = "name: demo-run\nmodel: demo\ndomain: sort\niterations: 3\n";
const plan = {
  name: "demo-run",
  iterations: 3,
  device: "cpu",
  engineMemory: 2 ** 30,
  agentMemory: 2 ** 28,
  disk: { low: 1, likely: 2, high: 3 },
  seconds: { low: 100, likely: 200, high: 300 },
  processes: [{ name: "agent", does: "owns the run" }],
  model: { named: "demo", source: "made", folder: "/models/demo", identity: "abc" },
  parameters: { base: 1, trained: 1 },
  freeDisk: null,
  basis: "measured",
};

function desk({ state = "running", presetText = (): string => PRESET, problems = [] as object[] } = {}) {
  const requests: { method: string; params: Record<string, unknown> }[] = [];
  const answers: Record<string, (params: Record<string, unknown>) => unknown> = {
    "runs/presets": () => ({ presets: [{ name: "demo", text: presetText() }] }),
    "runs/check": () => ({ problems }),
    "runs/plan": () => plan,
    "models/find": () => ({ where: "made" }),
    "runs/start": () => ({ run: "20261127-demo", directory: "/x", repeated: false }),
    "runs/stop": () => ({ state: "stopped", repeated: false }),
  };
  const run = {
    id: "20261127-demo",
    name: "demo",
    createdAt: "2026",
    live: true,
    annotations: null,
    view: { state, stages: [], metrics: {} },
  };
  const entry = {
    id: "local",
    name: "This machine",
    link: {
      state: { kind: "connected" },
      request: async (method: string, params: Record<string, unknown>) => {
        requests.push({ method, params });
        return answers[method]?.(params);
      },
    },
    model: { runs: [run] },
    refresh: async () => undefined,
  };
  const kept = new Map<string, unknown>();
  const services = {
    hosts: { all: [entry], get: () => entry, reveal: () => undefined },
    context: {
      globalState: {
        get: (key: string, usual: unknown) => kept.get(key) ?? usual,
        update: async (key: string, value: unknown) => void kept.set(key, value),
      },
    },
  } as never;
  const sent = (method: string) => requests.filter((request) => request.method === method).map(({ params }) => params);
  return { services, sent, agreed: new Agreed(() => 0) };
}

const input = { host: "This machine", preset: "demo", settings: { iterations: 1 } };

beforeEach(() => {
  editor.isTrusted = true;
  editor.presses = [];
  editor.asked = [];
});

describe("launching a run for an assistant", () => {
  it("shows what it will take and every setting, as a block that nothing in it can leave, and starts exactly that", async () => {
    const { services, sent, agreed } = desk();
    const { title, message } = await askToLaunch(services, agreed, input);
    expect(title).toBe("Start demo-run on This machine?");
    const text = typeof message === "string" ? message : message.value;
    expect(text).toMatch(
      /^```\nChanged by the assistant: iterations: 1\nModel: demo[\s\S]*Time: [\s\S]*\nmodel: "demo"\ndomain: "sort"\niterations: 1\n```$/,
    );
    expect(sent("runs/start")).toEqual([]);
    expect(await launch(services, agreed, input)).toEqual({ host: "This machine", run: "20261127-demo" });
    expect(sent("runs/start")).toMatchObject([{ text: "name: demo-run\nmodel: demo\ndomain: sort\niterations: 1\n" }]);
  });

  it("starts nothing that was not shown, nothing twice, and nothing else than what was shown", async () => {
    let text = PRESET;
    const { services, sent, agreed } = desk({ presetText: () => text });
    await expect(launch(services, agreed, input)).rejects.toThrow(/has not agreed/);
    await askToLaunch(services, agreed, input);
    await expect(launch(services, agreed, { ...input, settings: { iterations: 50 } })).rejects.toThrow(
      /has not agreed/,
    );
    text = `${PRESET}seed: 7\n`;
    await expect(launch(services, agreed, input)).rejects.toThrow(/has not agreed/);
    text = PRESET;
    await launch(services, agreed, input);
    await expect(launch(services, agreed, input)).rejects.toThrow(/has not agreed/);
    expect(sent("runs/start")).toHaveLength(1);
  });

  it("refuses in a workspace that nobody trusts, before and after the question", async () => {
    const { services, sent, agreed } = desk();
    await askToLaunch(services, agreed, input);
    editor.isTrusted = false;
    await expect(askToLaunch(services, agreed, input)).rejects.toThrow(/not trusted/);
    await expect(launch(services, agreed, input)).rejects.toThrow(/not trusted/);
    expect(sent("runs/start")).toEqual([]);
  });

  it("asks about paths and addresses that are not approved, in a dialog of its own, even when the tool itself was let go on", async () => {
    const { services, sent, agreed } = desk();
    const risky = {
      host: "This machine",
      runYaml: `${PRESET}engine:\n  url: https://evil.invalid:8000\n`,
      settings: {},
    };
    await askToLaunch(services, agreed, risky);
    await expect(launch(services, agreed, risky)).rejects.toThrow(/did not approve/);
    expect(editor.asked.join()).toContain("engine.url: https://evil.invalid:8000");
    expect(sent("runs/start")).toEqual([]);
    editor.presses = ["Approve"];
    await askToLaunch(services, agreed, risky);
    await launch(services, agreed, risky);
    expect(sent("runs/start")).toHaveLength(1);
  });

  it.each([
    [{ ...input, host: "mars" }, {}, /There is no host mars/],
    [{ ...input, preset: "best" }, {}, /no preset best\. There are: demo/],
    [{ host: "This machine", runYaml: `# rzero-fork: x\n${PRESET}`, settings: {} }, {}, /A fork is made by the person/],
    [
      input,
      { problems: [{ field: "model", message: "It is missing.", remedy: "Name one." }] },
      /model: It is missing\. Name one\./,
    ],
  ])("refuses %j with a sentence that can be acted on", async (asked, how, why) => {
    const { services, agreed } = desk(how);
    await expect(askToLaunch(services, agreed, asked)).rejects.toThrow(why);
  });
});

describe("stopping a run for an assistant", () => {
  it("asks which and where, and stops that one once", async () => {
    const { services, sent, agreed } = desk();
    await expect(stop(services, agreed, { run: "last" })).rejects.toThrow(/has not agreed/);
    const { title } = askToStop(services, agreed, { run: "last" });
    expect(title).toBe("Stop 20261127-demo on This machine?");
    expect(await stop(services, agreed, { run: "last" })).toMatchObject({ run: "20261127-demo", state: "stopped" });
    await expect(stop(services, agreed, { run: "last" })).rejects.toThrow(/has not agreed/);
    expect(sent("runs/stop")).toMatchObject([{ run: "20261127-demo" }]);
  });

  it("says so when there is nothing to stop", () => {
    const { services, agreed } = desk({ state: "completed" });
    expect(() => askToStop(services, agreed, { run: "last" })).toThrow(/is completed: there is nothing to stop/);
  });
});
