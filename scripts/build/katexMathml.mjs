import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * KaTeX for pages that show MathML only. It is built from the sources that lie in its package, without what only its HTML needs: the
 * sizes of each letter, of which MathML asks no more than whether a font has it, and the outlines of what is drawn. The table of letters with
 * accents, which takes a fiftieth of a second to make, is made here, as KaTeX's own build makes it. The rest of it, which takes longer still, is
 * evaluated when the first formula is to be shown.
 */
export const katexMathml = {
  name: "katex-mathml",
  setup(build) {
    const { version } = require("katex/package.json");
    build.initialOptions.define = { ...build.initialOptions.define, __VERSION__: JSON.stringify(version) };
    build.onResolve({ filter: /^katex$/ }, ({ path }) => ({ path, namespace: "when-needed" }));
    build.onLoad({ filter: /^katex$/, namespace: "when-needed" }, () => ({
      contents: whenNeeded(require.resolve("katex/katex.ts")),
      resolveDir: import.meta.dirname,
    }));
    build.onLoad({ filter: /[\\/]katex[\\/]src[\\/]fontMetricsData\.js$/ }, ({ path }) => ({
      contents: `const has = [0, 0, 0, 0, 0];\n${readFileSync(path, "utf8").replace(/\[[^\]]*\]/g, "has")}`,
    }));
    build.onLoad({ filter: /[\\/]katex[\\/]src[\\/]unicodeSymbols\.js$/ }, ({ path }) => ({
      contents: `module.exports = JSON.parse(${JSON.stringify(JSON.stringify(require(path)))});`,
    }));
    build.onLoad({ filter: /[\\/]katex[\\/]src[\\/]svgGeometry\.ts$/ }, () => ({ contents: noOutlines }));
  },
};

const whenNeeded = (path) => `
let katex;
const __renderToDomTree = (...formula) => (katex ??= require(${JSON.stringify(path)}).default).__renderToDomTree(...formula);
export default { __renderToDomTree };
`;

const noOutlines = `
export const path = {};
const none = () => { throw new Error("KaTeX without HTML has no outlines."); };
export { none as phasePath, none as sqrtPath, none as innerPath, none as tallDelim };
`;
