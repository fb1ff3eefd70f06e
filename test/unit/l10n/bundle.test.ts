import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { bundle, file, messages } from "../../../scripts/l10n-bundle.ts";

describe("messages for translators", () => {
  it("the bundle is current: `node scripts/l10n-bundle.ts` writes it", () => {
    expect(readFileSync(file, "utf8")).toBe(bundle());
  });

  it("every message is a literal that can be translated", () => {
    expect(messages().unreadable).toEqual([]);
    expect(messages().found.length).toBeGreaterThan(100);
  });

  it("no message counts its arguments from anywhere but 0, or leaves one out", () => {
    for (const message of messages().found) {
      const used = [...new Set([...message.matchAll(/\{(\d+)\}/g)].map(([, n]) => Number(n)))].sort((a, b) => a - b);
      expect([message, used]).toEqual([message, used.map((_, i) => i)]);
    }
  });

  it("the manifest says where it lies", () => {
    const manifest = JSON.parse(readFileSync(path.resolve(file, "../../package.json"), "utf8"));
    expect(path.resolve(file, "../..", manifest.l10n)).toBe(path.dirname(file));
  });
});
