import { build } from "esbuild";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { mathTree } from "../../../remote-agent/src/modelText/mathTree.ts";
import { katexMathml } from "../../../scripts/build/katexMathml.mjs";

/** `mathTree` as a page has it. */
let ofPage: typeof mathTree;
let script = "";

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export { mathTree } from "./remote-agent/src/modelText/mathTree.ts";',
      resolveDir: new URL("../../..", import.meta.url).pathname,
    },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    plugins: [katexMathml],
  });
  script = outputFiles[0]?.text ?? "";
  const made: { mathTree: typeof mathTree } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
  ofPage = made.mathTree;
});

const fonts =
  "mathrm mathit mathbf mathbb mathcal mathfrak mathscr mathsf mathtt mathnormal boldsymbol pmb bm text textbf textit textsf texttt operatorname".split(
    " ",
  );
const characters = [
  ..."ABCabcXYZ019+-=<>()[]/|!?.,;:'*",
  ..."éßÅЖ中α∑∞",
  ..."\\alpha \\omega \\Gamma \\Omega \\varepsilon \\imath \\hbar \\ell \\infty \\sum \\int \\times \\to \\le \\R \\emptyset \\%".split(
    " ",
  ),
];

it("gives every letter the same variant in every font", () => {
  for (const font of fonts) {
    for (const character of characters) {
      const tex = `\\${font}{${character}}`;
      expect(ofPage(tex, false), tex).toEqual(mathTree(tex, false));
    }
  }
});

const constructs = [
  "\\frac{#}{#}",
  "\\binom{#}{#}",
  "\\sqrt[3]{#}",
  "#^{#}_{#}",
  "\\left( # \\middle| # \\right]",
  "\\Bigl\\{ # \\Bigr\\rangle",
  "\\overbrace{#}^{#}",
  "\\underline{#}\\overline{#}",
  "\\widehat{#}\\vec{#}\\tilde{#}\\overrightarrow{#}",
  "\\xrightarrow[#]{#}",
  "\\boxed{#}\\cancel{#}\\bcancel{#}\\phase{#}\\angl{#}",
  "\\begin{pmatrix} # & # \\\\ # & # \\end{pmatrix}",
  "\\begin{cases} # & # \\\\ # & # \\end{cases}",
  "\\begin{array}{c|c} # & # \\\\ \\hline # & # \\end{array}",
  "\\begin{align} # &= # \\tag{1} \\\\ # &= # \\end{align}",
  "\\begin{CD} # @>#>> # \\end{CD}",
  "\\lim_{#} \\sum_{#}^{#} \\int #",
  "\\overset{#}{#}\\substack{# \\\\ #}\\stackrel{#}{#}",
  "\\text{# $#$ #}\\mathbf{#}\\operatorname{#}",
  "\\raisebox{1em}{#}\\hspace{1em}\\kern3mu\\smash{#}\\phantom{#}\\mathllap{#}",
  "\\not= \\pmod{#} \\dfrac{#}{#} \\displaystyle # \\large #",
  "\\def\\x{#} \\x \\newcommand{\\y}[1]{#1} \\y{#}",
  "\\color{red} # \\textcolor{blue}{#} \\href{x}{#} \\includegraphics{#}",
];

it("makes the same MathML of every construct, or none where KaTeX makes none", () => {
  const leaf = fc.constantFrom(...characters, "\\mathbb{R}", "\\mathcal{L}", "x_1", "", "}", "\\unknown");
  const formula = fc
    .tuple(
      fc.constantFrom(...constructs),
      fc.constantFrom(...constructs),
      fc.array(leaf, { minLength: 20, maxLength: 20 }),
    )
    .map(([outer, inner, leaves]) => {
      let next = 0;
      return outer.replace("#", () => inner).replaceAll(/#(?!1)/g, () => leaves[next++ % leaves.length] ?? "");
    });
  let shown = 0;
  fc.assert(
    fc.property(formula, fc.boolean(), (tex, display) => {
      const expected = mathTree(tex, display);
      if (expected !== null) shown += 1;
      expect(ofPage(tex, display)).toEqual(expected);
    }),
    { numRuns: 1500, examples: constructs.map((construct) => [construct.replaceAll("#", "x"), true]) },
  );
  expect(shown).toBeGreaterThan(500);
});

it("is much smaller than the whole of KaTeX", () => {
  expect(script.length).toBeGreaterThan(100_000);
  expect(script.length).toBeLessThan(210_000);
});
