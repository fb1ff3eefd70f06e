import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createVSIX } from "@vscode/vsce";
import { z } from "zod";
import type { Workbench } from "./workbench.ts";

const LIMIT_MS = 240_000;

const answer = z.object({
  number: z.number(),
  tools: z.array(z.string()),
  text: z.string().nullable(),
  error: z.string().nullable(),
});
export type ToolAnswer = z.infer<typeof answer>;

/** Packs an extension that calls language-model tools as an assistant of another extension would. @returns its package */
export async function packToolCaller(to: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-tool-caller-"));
  const manifest = {
    name: "tool-caller",
    publisher: "test",
    version: "0.0.1",
    engines: { vscode: "^1.100.0" },
    main: "./main.cjs",
    activationEvents: [],
    extensionKind: ["workspace"],
    contributes: { commands: [{ command: "toolCaller.call", title: "Test: Call Tool" }] },
  };
  try {
    await writeFile(path.join(folder, "package.json"), JSON.stringify(manifest));
    await writeFile(path.join(folder, "main.cjs"), main);
    await writeFile(path.join(folder, "README.md"), "Calls tools.\n");
    await mkdir(path.dirname(to), { recursive: true });
    await createVSIX({
      cwd: folder,
      packagePath: to,
      dependencies: false,
      allowMissingRepository: true,
      skipLicense: true,
    });
    return to;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Calls tools from a window whose editor has that extension; `home` is the person's. */
export class ToolCaller {
  readonly #home: string;
  readonly #code: Workbench;
  #number = 0;

  constructor(code: Workbench, home: string) {
    this.#code = code;
    this.#home = home;
  }

  /** Begins a call. @returns what waits for its answer */
  async begin(name: string, input: object): Promise<() => Promise<ToolAnswer>> {
    const number = ++this.#number;
    await writeFile(path.join(this.#home, "tool-call.json"), JSON.stringify({ number, name, input }));
    await this.#code.command("Test: Call Tool");
    return () => this.#answer(number);
  }

  async call(name: string, input: object): Promise<ToolAnswer> {
    return (await this.begin(name, input))();
  }

  async #answer(number: number): Promise<ToolAnswer> {
    const until = Date.now() + LIMIT_MS;
    for (;;) {
      const text = await readFile(path.join(this.#home, "tool-answer.json"), "utf8").catch(() => null);
      const found = text === null ? null : answer.parse(JSON.parse(text));
      if (found?.number === number) return found;
      if (Date.now() > until) throw new Error(`The tool did not answer within ${LIMIT_MS / 1000} s.`);
      await delay(100);
    }
  }
}

const main = `const vscode = require("vscode");
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { homedir } = require("node:os");
const { join } = require("node:path");
exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand("toolCaller.call", async () => {
    const { number, name, input } = JSON.parse(readFileSync(join(homedir(), "tool-call.json"), "utf8"));
    const said = { number, tools: vscode.lm.tools.map((tool) => tool.name), text: null, error: null };
    try {
      const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
      said.text = content.map((part) => part.value).join("");
    } catch (error) {
      said.error = String(error.message || error.name || error);
    }
    const draft = join(homedir(), "tool-answer.json.new");
    writeFileSync(draft, JSON.stringify(said));
    renameSync(draft, join(homedir(), "tool-answer.json"));
  }));
};
`;
