// What docs/domains.md asks of a domain, of its example and of all domains there are.

import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Domain } from "../../../remote-agent/src/domains/domain.ts";
import { domainNamed, domainNames } from "../../../remote-agent/src/domains/registry.ts";
import { presets } from "../../../remote-agent/src/scoring/presets.ts";
import { gcdDomain } from "../../support/exampleDomain.ts";

const root = path.resolve(import.meta.dirname, "../../..");

test("the example in docs/domains.md is the one that is tested here", async () => {
  const page = await readFile(path.join(root, "docs/domains.md"), "utf8");
  const shown = /```ts\n(import[\s\S]*?)```/.exec(page)?.[1];
  const tested = await readFile(path.join(root, "test/support/exampleDomain.ts"), "utf8");
  const asInDomains = tested
    .replaceAll("../../remote-agent/src/domains/", "./")
    .replaceAll("../../remote-agent/src/scoring/", "../scoring/");
  expect(shown).toBe(asInDomains);
});

test("the example grades what it should", () => {
  const { rules } = { rules: presets.strict.parse };
  expect(gcdDomain.parse("<question>gcd 84 36</question> \\boxed{12}", rules)).toMatchObject({
    valid: true,
    question: "gcd 84 36",
    answer: "12",
  });
  expect(gcdDomain.parse("<question>what is love</question> \\boxed{12}", rules)).toMatchObject({
    valid: false,
    reason: "not_of_domain",
  });
  expect(gcdDomain.truth("gcd 84 36")).toBe("12");
  expect(gcdDomain.equal("012", "12")).toBe(true);
  expect(gcdDomain.equal("12", "x")).toBe(false);
  expect(gcdDomain.difficulty("gcd 84 136")).toBe(3);
});

describe.each([gcdDomain, ...domainNames.map(domainNamed)].map((domain): [string, Domain] => [domain.name, domain]))(
  "the domain %s",
  (_, domain) => {
    const set = domain.auditSet();

    test("holds out its audit set: different questions of its own, each with an answer that is right", () => {
      expect(set.length).toBeGreaterThan(0);
      expect(new Set(set.map(({ question }) => question)).size).toBe(set.length);
      for (const { question, answer, difficulty } of set) {
        expect(domain.checkQuestion(question), question).toBeNull();
        expect(domain.isHeldOut(question), question).toBe(true);
        expect(Number.isFinite(difficulty)).toBe(true);
        const truth = domain.truth(question);
        if (truth !== null) expect(domain.equal(answer, truth), question).toBe(true);
      }
    });

    test("has an audit set that depends on nothing, of which a smaller one is part", () => {
      expect(domain.auditSet()).toEqual(set);
      const questions = new Set(set.map(({ question }) => question));
      for (const { question } of domain.auditSet(undefined, 1)) expect(questions.has(question)).toBe(true);
    });

    test("says of an answer that it is itself, and of two the same both ways", () => {
      const answers = set.slice(0, 30).map(({ answer }) => answer);
      for (const a of answers) {
        expect(domain.equal(a, a)).toBe(true);
        for (const b of answers) expect(domain.equal(a, b), `${a} and ${b}`).toBe(domain.equal(b, a));
      }
    });

    test("never throws on what a model may write, and poses only questions of its own", () => {
      const piece = fc.constantFrom(
        "<question>",
        "</question>",
        "\\boxed{",
        "}",
        "{",
        "sort 12",
        "gcd 4 2",
        "<think>",
        "\n",
        "x",
        "\u0000",
        "½",
      );
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string(),
            fc.array(piece).map((pieces) => pieces.join("")),
          ),
          (text) => {
            const parsed = domain.parse(text, presets.strict.parse);
            if (parsed.valid) {
              expect(domain.checkQuestion(parsed.question)).toBeNull();
              domain.solverMessages(parsed.question);
            } else expect([parsed.question, parsed.reason]).toEqual(["", expect.any(String)]);
            const answer = domain.answerOf(text);
            if (answer !== null) domain.equal(answer, text);
            domain.tokens(text);
            domain.difficulty(text);
            domain.truth(text);
            domain.isHeldOut(text);
          },
        ),
        { numRuns: 300 },
      );
    });
  },
);
