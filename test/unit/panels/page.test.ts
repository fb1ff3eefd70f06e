import { expect, test } from "vitest";
import { page } from "../../../src/panels/base/page.ts";

const parts = {
  script: "https://file.example/charts.js",
  style: "https://file.example/charts.css",
  cspSource: "https://*.example",
  nonce: "bm9uY2U=",
  styleNonce: "c3R5bGU=",
  language: "en",
  title: "Charts",
  words: { loading: "Loading…" },
};

function policyOf(html: string): Map<string, string> {
  const content = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? "";
  const plain = content.replaceAll("&#39;", "'");
  return new Map(plain.split("; ").map((directive) => [directive.split(" ")[0] ?? "", directive]));
}

test("the page may run its first lines and one script and load its own styles and fonts, and nothing else", () => {
  const policy = policyOf(page(parts));
  expect(policy.get("default-src")).toBe("default-src 'none'");
  expect(policy.get("script-src")).toBe("script-src 'nonce-bm9uY2U='");
  expect(policy.get("style-src")).toBe("style-src https://*.example 'nonce-c3R5bGU='");
  expect([...policy.keys()]).toEqual(["default-src", "script-src", "style-src", "font-src", "base-uri", "form-action"]);
  expect([...policy.values()].join(" ")).not.toMatch(/unsafe|\*(?!\.example)|http:/);
});

test("its first lines are run before style and script are there", () => {
  const html = page(parts);
  const places = ["Content-Security-Policy", "acquireVsCodeApi", "<link", "<body", parts.script].map((part) =>
    html.indexOf(part),
  );
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test("what stands in the page is escaped: titles and words cannot become markup", () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
  const html = page({ ...parts, title: hostile, words: { loading: hostile } });
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html).not.toContain("<img");
});
