import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runConfig } from "../../../remote-agent/src/protocol/config.ts";
import { type SettingSchema, settingSchema } from "../../../remote-agent/src/protocol/configSchema.ts";
import {
  foreignRun,
  type NamedContent,
  namedContent,
  type TrustRecord,
  unapproved,
  withApproved,
} from "../../../src/launch/trust.ts";

const made = { named: "demo", source: "made" as const, folder: null, identity: null };
const folder = { named: "models/mine", source: "folder" as const, folder: "/home/ada/models/mine", identity: "abc" };
const shown = (contents: readonly NamedContent[]) => contents.map((content) => `${content.setting}: ${content.shown}`);

describe("what a run.yaml names", () => {
  it("a preset's names nothing to approve", () => {
    expect(
      namedContent({ domain: "sort", model: "demo", engine: { url: null }, challenger: { steps: 8 } }, made),
    ).toEqual([]);
    const hub = { named: "Qwen/Qwen3-4B-Base", source: "hub" as const, folder: null, identity: null };
    expect(namedContent({ model: "Qwen/Qwen3-4B-Base" }, hub)).toEqual([]);
  });

  it("is the model's folder and every URL and path, in settings that do not exist yet as well", () => {
    const config = {
      model: "models/mine",
      engine: { url: "https://engine.example:8443/v1?x=1" },
      samplers: ["http://10.0.0.1:8000", { nested: "~/evil.sh" }, "..\\up", "C:\\x", "plain words, no/path"],
    };
    expect(shown(namedContent(config, folder))).toEqual([
      "model: /home/ada/models/mine",
      "engine.url: https://engine.example:8443/v1?x=1",
      "samplers.0: http://10.0.0.1:8000",
      "samplers.1.nested: ~/evil.sh",
      "samplers.2: ..\\up",
      "samplers.3: C:\\x",
    ]);
  });

  it("a URL anywhere in it is found", () => {
    const url = "http://there.example/x";
    const property = fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 6 }),
      (path) => {
        const config = path.reduceRight<unknown>((inner, name) => ({ [name]: inner, other: 1 }), url);
        if (path[0] === "model" && path.length === 1) return;
        expect(namedContent(config, made).map(({ value }) => value)).toEqual(["http://there.example"]);
      },
    );
    fc.assert(property);
  });
});

const content = fc.record({
  kind: fc.constantFrom("model" as const, "path" as const, "origin" as const, "run" as const),
  setting: fc.constantFrom("model", "engine.url"),
  shown: fc.string(),
  value: fc.constantFrom("a", "b", "c"),
});
const record: fc.Arbitrary<TrustRecord> = fc.record({
  host: fc.constantFrom("node", "other"),
  kind: fc.constantFrom("model" as const, "path" as const, "origin" as const, "run" as const),
  value: fc.constantFrom("a", "b", "c"),
  at: fc.constant(""),
});

const hostPart = fc.domain();
const slashes = fc.constantFrom("", "/", "//", "///", "\\\\", "/\\");
/** Odd ways to write a URL, which the schema and what opens it may take all the same. */
const oddUrl = fc
  .tuple(fc.constantFrom("http:", "HTTPS:", "ht\ttp:", " http:", "ftp:", "ws:", "file:", "x-y:"), slashes, hostPart)
  .map((parts) => parts.join(""));

describe("a setting of run.yaml", () => {
  /** Every setting that may hold any text, by its place. */
  function texts(schema: SettingSchema, at: readonly string[] = []): string[] {
    const { type, anyOf, oneOf, properties, items, additionalProperties } = schema as SettingSchema & {
      items?: SettingSchema;
      additionalProperties?: SettingSchema | boolean;
    };
    const rest = typeof additionalProperties === "object" ? { "*": additionalProperties } : {};
    const children = { ...properties, ...(items === undefined ? {} : { 0: items }), ...rest };
    return [
      ...(type === "string" && schema.enum === undefined && schema.const === undefined ? [at.join(".")] : []),
      ...[...(anyOf ?? []), ...(oneOf ?? [])].flatMap((choice) => texts(choice, at)),
      ...Object.entries(children).flatMap(([name, child]) => texts(child, [...at, name])),
    ];
  }

  it("that may hold any text is one of those that lead nowhere, or is asked about", () => {
    // Names: they are compared with lists, shown, or sent where metrics go, which is asked about as a whole.
    const names = ["name", "domain", "metrics.wandb.project", "metrics.wandb.entity"];
    const asked = ["model", "engine.url", "alarms.webhook"];
    expect([...new Set(texts(settingSchema()))].filter((place) => ![...names, ...asked].includes(place))).toEqual([]);
    expect(texts(settingSchema())).toEqual(expect.arrayContaining([...names, "model", "engine.url"]));
  });

  it.each(["engine.url", "alarms.webhook"])(
    "%s is asked about however it is written, wherever it is accepted",
    (place) => {
      const accepted: string[] = [];
      fc.assert(
        fc.property(oddUrl, (url) => {
          const [group = "", name = ""] = place.split(".");
          const config = { domain: "sort", model: "demo", [group]: { [name]: url } };
          if (!runConfig.safeParse({ preset: "strict", ...config }).success) return;
          accepted.push(url);
          const found = namedContent(config, made);
          expect(found.map(({ setting }) => setting)).toEqual([place]);
          // What opens it goes nowhere else than where the approval says.
          const { origin } = new URL(url);
          if (origin !== "null") expect(found[0]?.value).toBe(origin);
        }),
        { numRuns: 500 },
      );
      expect(accepted.length).toBeGreaterThan(20);
    },
  );

  it("that sends metrics elsewhere is asked about: the project and whose it is", () => {
    const of = (wandb: unknown) => namedContent({ model: "demo", metrics: { wandb } }, made);
    expect(shown(of({ project: "p", entity: "team" }))).toEqual(["metrics.wandb: Weights & Biases, team/p"]);
    expect(shown(of({ project: "p" }))).toEqual(["metrics.wandb: Weights & Biases, p"]);
    expect(of({ project: "p", mode: "offline" })).toEqual([]);
    expect(of(null)).toEqual([]);
    const records = withApproved([], of({ project: "p", entity: "team" }), "node", "now");
    expect(unapproved(of({ project: "p", entity: "team" }), records, "node")).toEqual([]);
    expect(unapproved(of({ project: "p", entity: "other" }), records, "node")).toHaveLength(1);
  });
});

describe("an approval", () => {
  it("holds for what was approved, on that host, and for nothing else", () => {
    fc.assert(
      fc.property(fc.array(content), fc.array(record), fc.array(content), (approved, before, asked) => {
        const records = withApproved(before, approved, "node", "now");
        expect(unapproved(approved, records, "node")).toEqual([]);
        const elsewhere = unapproved(asked, records, "other");
        expect(elsewhere).toEqual(unapproved(asked, before, "other"));
        for (const open of unapproved(asked, records, "node"))
          expect(approved.some(({ kind, value }) => kind === open.kind && value === open.value)).toBe(false);
      }),
    );
  });

  it("of a model ends when its content changes, of a URL when its origin does and not its path", () => {
    const config = { engine: { url: "https://engine.example/a" } };
    const records = withApproved([], namedContent(config, folder), "node", "now");
    const later = (url: string, identity: string) =>
      shown(unapproved(namedContent({ engine: { url } }, { ...folder, identity }), records, "node"));
    expect(later("https://engine.example/b", "abc")).toEqual([]);
    expect(later("https://engine.example/a", "changed")).toEqual(["model: /home/ada/models/mine"]);
    expect(later("http://engine.example/a", "abc")).toEqual(["engine.url: http://engine.example/a"]);
    expect(later("https://engine.example:444/a", "abc")).toEqual(["engine.url: https://engine.example:444/a"]);
    expect(later("https://engine.example@evil.example/a", "abc")).toHaveLength(1);
  });

  it("of somebody's run is of that run as it came", () => {
    const origin = { kind: "downloaded" as const, from: "node42", at: "then", by: "ada" };
    const run = { id: "a", createdAt: "then" };
    const records = withApproved([], [foreignRun(run, origin, "a")], "local", "now");
    expect(unapproved([foreignRun(run, origin, "a")], records, "local")).toEqual([]);
    expect(unapproved([foreignRun(run, { ...origin, from: "other" }, "a")], records, "local")).toHaveLength(1);
    expect(unapproved([foreignRun({ ...run, id: "b" }, origin, "b")], records, "local")).toHaveLength(1);
  });

  it("is forgotten after many others: it is asked again rather than kept for ever", () => {
    const many = Array.from({ length: 600 }, (_, i) => ({
      kind: "path" as const,
      setting: "x",
      shown: "",
      value: String(i),
    }));
    expect(withApproved([], many, "node", "now")).toHaveLength(500);
  });
});
