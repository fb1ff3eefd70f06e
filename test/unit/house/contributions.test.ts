import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { manifestSettings, settingsPage } from "../../../scripts/settings-doc.ts";
import { hostSettings } from "../../../src/hosts/hostSettings.ts";

const root = resolve(import.meta.dirname, "../../..");
const text = (name: string) => readFile(join(root, name), "utf8");

const item = z.object({ command: z.string().optional(), submenu: z.string().optional(), when: z.string().optional() });
const contributes = z.object({
  commands: z.array(z.object({ command: z.string(), title: z.string(), enablement: z.string().optional() })),
  menus: z.record(z.string(), z.array(item)),
  keybindings: z.array(z.object({ command: z.string(), key: z.string(), when: z.string() })).optional(),
  submenus: z.array(z.object({ id: z.string() })).optional(),
  views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
  viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string() })),
  walkthroughs: z.array(z.object({ steps: z.array(z.looseObject({})) })).optional(),
});
const manifest = z
  .object({ contributes, extensionKind: z.array(z.string()), capabilities: z.looseObject({}) })
  .parse(JSON.parse(await text("package.json")));
const words = z.record(z.string(), z.string()).parse(JSON.parse(await text("package.nls.json")));
const own = manifest.contributes;
const ids = new Set(own.commands.map(({ command }) => command));
const views = new Set(Object.values(own.views).flatMap((list) => list.map(({ id }) => id)));
const menus = Object.entries(own.menus).flatMap(([menu, items]) => items.map((entry) => ({ menu, ...entry })));

/** Commands that a text links to: `command:rzero.addHost`. */
const linked = (value: string) => [...value.matchAll(/command:(rzero\.[\w.]+)/g)].map(([, id]) => id ?? "");

describe("what the extension contributes", () => {
  test("menus and keys name commands that there are", () => {
    const named = [...menus, ...(own.keybindings ?? [])].flatMap(({ command }) =>
      command === undefined ? [] : [command],
    );
    expect(named.filter((command) => command.startsWith("rzero.") && !ids.has(command))).toEqual([]);
  });

  test("conditions name views that there are", () => {
    const conditions = menus.flatMap(({ when }) => (when === undefined ? [] : [when]));
    const named = conditions.flatMap((when) => [...when.matchAll(/\bview == ([\w.]+)/g)].map(([, view]) => view ?? ""));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((view) => !views.has(view))).toEqual([]);
  });

  test("welcome pages and walkthroughs link to commands that there are", () => {
    const walkthroughs = JSON.stringify(own.walkthroughs ?? []);
    const links = [...Object.values(words), walkthroughs].flatMap(linked).filter((id) => !/\.(focus|open)$/.test(id));
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
    expect(own.viewsWelcome.every(({ view }) => views.has(view))).toBe(true);
  });

  test("no two keys in one place do different things", () => {
    const places = (own.keybindings ?? []).map(({ key, when }) => `${key} when ${when}`);
    expect(new Set(places).size).toBe(places.length);
  });

  test("a command that only a line of the tree can start is not in the palette", () => {
    const palette = new Map((own.menus["commandPalette"] ?? []).map((entry) => [entry.command, entry.when]));
    for (const command of ["rzero.connectHost", "rzero.disconnectHost", "rzero.forgetHost"])
      expect([command, palette.get(command)]).toEqual([command, "false"]);
  });

  test("settings that name hosts, folders or programs belong to the machine: a cloned repository cannot set them", async () => {
    const { properties } = manifestSettings.parse(JSON.parse(await text("package.json"))).contributes.configuration;
    for (const [name, { scope }] of Object.entries(properties)) {
      expect(name).toMatch(/^rzero\./);
      expect([name, scope]).toEqual([name, expect.stringMatching(/^(machine|application|window)$/)]);
    }
    expect(properties["rzero.hosts"]?.scope).toBe("machine");
  });

  test("rzero.hosts is described as it is read: the same fields with the same defaults", async () => {
    const { properties } = manifestSettings.parse(JSON.parse(await text("package.json"))).contributes.configuration;
    const host = properties["rzero.hosts"]?.additionalProperties;
    const fields = typeof host === "object" ? (host.properties ?? {}) : {};
    const described = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.default]));
    expect(described).toEqual(hostSettings.parse({}));
  });

  test("docs/settings.md is what package.json says (else: node scripts/settings-doc.ts)", async () => {
    expect(await text("docs/settings.md")).toBe(settingsPage());
  });

  test("works where the workspace is not trusted, here and at the far end of a remote window", () => {
    expect(manifest.capabilities).toMatchObject({
      untrustedWorkspaces: { supported: "limited" },
      virtualWorkspaces: true,
    });
    expect(manifest.extensionKind).toEqual(["ui", "workspace"]);
  });

  test("every sentence of the code can be translated: l10n.t takes a whole literal", async () => {
    const files = (await readdir(join(root, "src"), { recursive: true })).filter((name) => name.endsWith(".ts"));
    const wrong: string[] = [];
    // Its sentences are literals where they are made, by `say`, which the bundle's test goes through.
    for (const file of files.filter((name) => name !== join("hosts", "errorText.ts"))) {
      const calls = (await text(join("src", file))).matchAll(/\bl10n\.t\(\s*([^\s])/g);
      for (const [call, first] of calls) if (first !== '"' && first !== "{") wrong.push(`${file}: ${call}`);
    }
    expect(wrong).toEqual([]);
  });
});
