import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visible } from "../../../remote-agent/src/modelText/visible.ts";
import { html } from "../../../remote-agent/src/report/html.ts";
import { ModelTextWriter } from "../../../remote-agent/src/report/modelText.ts";
import { hostileCorpus } from "../../support/hostileCorpus.ts";

const anything = fc.oneof(
  fc.constantFrom(...hostileCorpus.map(({ text }) => text)),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "`", "=", " ", "a", ";", "#", "\u202e", "\ud800") }),
);

describe("markup made of strings", () => {
  it("has no character of a string that could end its place, and the reader sees the string", () => {
    fc.assert(
      fc.property(anything, anything, (title, text) => {
        const made = html`<p title="${title}">${text}</p>`.text;
        const [, attribute = "", inner = ""] = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(made) ?? [];
        expect(decoded(attribute)).toBe(visible(title));
        expect(decoded(inner)).toBe(visible(text));
      }),
    );
  });

  it("puts in markup that was made the same way as it is, lists one after the other, and nothing for null", () => {
    expect(html`<ul>${["<", 1, null].map((own) => html`<li>${own}</li>`)}</ul>`.text).toBe(
      "<ul><li>&lt;</li><li>1</li><li></li></ul>",
    );
  });
});

describe("what a model wrote", () => {
  it("becomes no elements but marks and formulas of an allow list, without a style, an address or a handler", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const made = new ModelTextWriter().block(text).text;
        for (const [tag] of made.matchAll(/<[^>]*>?/g))
          expect(tag).toMatch(/^<\/?(?:div|span|m[a-z]+)(?: (?:class|dir|[a-z]+)="[^"<>]*")*>$/);
        expect(made).not.toMatch(/<[^>]* (?:on[a-z]+|style|href|src)=/);
      }),
    );
  });

  it("has its formulas as MathML and what would not be seen by name", () => {
    const made = new ModelTextWriter().block("so $\\frac{1}{2}$ of \u202ethem\0\0").text;
    expect(made).toContain("<mfrac><mn>1</mn><mn>2</mn></mfrac>");
    expect(made).toContain('<span class="mark">RLO</span>them<span class="mark">NUL×2</span>');
  });

  it("is written the same however fast the machine is: formulas are counted, and more are shown as they are written", () => {
    const many = "$x^2$ ".repeat(50);
    const count = (nodes: number) => new ModelTextWriter(nodes).block(many).text.split("<math").length - 1;
    expect(count(10_000)).toBe(50);
    const some = count(40);
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(50);
    expect(new ModelTextWriter(40).block(many).text).toContain("$x^2$");
  });
});

function decoded(text: string): string {
  const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#96": "`" };
  return text.replace(/&([a-z0-9#]+);/g, (whole, name: string) => entities[name] ?? whole);
}
