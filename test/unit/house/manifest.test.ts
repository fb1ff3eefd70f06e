import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { commandLines } from "../../../src/commandLine.ts";
import { commands, terminalCommands } from "../../../src/ids.ts";

const root = resolve(import.meta.dirname, "../../..");
const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), "utf8"));

const manifest = z
  .object({
    main: z.string(),
    icon: z.string(),
    engines: z.object({ vscode: z.string() }),
    devDependencies: z.record(z.string(), z.string()),
    contributes: z.object({ commands: z.array(z.object({ command: z.string(), category: z.string() })) }),
  })
  .parse(await read("package.json"));

describe("the extension's manifest", () => {
  test("contributes exactly the commands of src/ids.ts, all under R-Zero:", () => {
    expect(manifest.contributes.commands.map(({ command }) => command).sort()).toEqual(Object.values(commands).sort());
    expect(new Set(manifest.contributes.commands.map(({ category }) => category))).toEqual(new Set(["R-Zero"]));
  });

  test("every command of the terminal runs something", () => {
    expect(Object.keys(commandLines).sort()).toEqual([...terminalCommands].sort());
  });

  test("has a text for each of its keys, and no text without a key", async () => {
    const keys = [...(await readFile(join(root, "package.json"), "utf8")).matchAll(/"%([\w.]+)%"/g)].map(
      ([, key]) => key,
    );
    const texts = z.record(z.string(), z.string()).parse(await read("package.nls.json"));
    expect(keys.sort()).toEqual(Object.keys(texts).sort());
  });

  test("asks for the VS Code that its types describe", () => {
    expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies["@types/vscode"]}`);
  });

  test("its icon is a PNG of at least 128 × 128", async () => {
    const png = await readFile(join(root, manifest.icon));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([256, 256]);
  });
});
