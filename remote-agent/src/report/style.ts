/** The report's only style sheet; its policy names it by hash and allows no other. Fonts are the reader's own. */
export const style = `
:root {
  color-scheme: light dark;
  --text: #1f2328; --faint: #57606a; --back: #ffffff; --panel: #f6f8fa; --edge: #d0d7de; --link: #0550ae; --good: #116329;
  --s0: #0969da; --s1: #b35900; --s2: #1a7f37; --s3: #8250df; --s4: #cf222e; --s5: #0c7d8c; --s6: #7d6200; --s7: #a4287f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --faint: #9aa4af; --back: #0d1117; --panel: #161b22; --edge: #3a424c; --link: #79b8ff; --good: #56d364;
    --s0: #58a6ff; --s1: #e3a04f; --s2: #56d364; --s3: #bc8cff; --s4: #ff7b72; --s5: #39c5cf; --s6: #e3b341; --s7: #f778ba;
  }
}
* { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--text); background: var(--back); }
body { margin: 0 auto; max-width: 1080px; padding: 0 20px 60px; overflow-wrap: break-word; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.7rem; margin: 28px 0 4px; }
h2 { font-size: 1.3rem; margin: 40px 0 8px; border-bottom: 1px solid var(--edge); padding-bottom: 4px; }
h3 { font-size: 1.08rem; margin: 26px 0 6px; }
h4 { font-size: 1rem; margin: 0 0 6px; }
h5 { font-size: .93rem; margin: 14px 0 4px; }
.note, .id, figcaption { color: var(--faint); font-size: .87rem; }
.id { font-weight: normal; font-family: ui-monospace, monospace; }
nav ul { padding: 0; display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 6px 18px; margin: 10px 0; }
dl.facts dt { color: var(--faint); font-size: .82rem; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.tag { display: inline-block; border: 1px solid var(--edge); border-radius: 10px; padding: 0 8px; margin-right: 6px; }
.person { white-space: break-spaces; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); gap: 18px; }
.chart { margin: 0 0 18px; min-width: 0; }
.multiples { display: flex; flex-wrap: wrap; gap: 10px; }
svg.plot { width: 100%; height: auto; background: var(--panel); border: 1px solid var(--edge); border-radius: 4px; }
svg.small { width: 250px; }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
svg .tick { fill: var(--faint); font-size: 11.5px; }
svg .grid { stroke: var(--edge); stroke-width: .7; }
svg .axis { stroke: var(--faint); }
svg .band { fill: var(--faint); opacity: .1; }
svg .kept { fill: var(--s2); opacity: .17; }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.s0 { stroke: var(--s0); fill: var(--s0); } .s1 { stroke: var(--s1); fill: var(--s1); } .s2 { stroke: var(--s2); fill: var(--s2); }
.s3 { stroke: var(--s3); fill: var(--s3); } .s4 { stroke: var(--s4); fill: var(--s4); } .s5 { stroke: var(--s5); fill: var(--s5); }
.s6 { stroke: var(--s6); fill: var(--s6); } .s7 { stroke: var(--s7); fill: var(--s7); }
svg .line.s1 { stroke-dasharray: 6 3; } svg .line.s2 { stroke-dasharray: 2 2; } svg .line.s3 { stroke-dasharray: 9 3 2 3; }
svg .line.s5 { stroke-dasharray: 6 3; } svg .line.s6 { stroke-dasharray: 2 2; } svg .line.s7 { stroke-dasharray: 9 3 2 3; }
svg .bar { stroke: none; opacity: .85; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0; padding: 0; list-style: none; font-size: .87rem; }
.swatch { width: 24px; height: 10px; vertical-align: middle; }
.scroll { overflow: auto; max-height: 340px; border: 1px solid var(--edge); }
.whole { max-height: 44rem; width: fit-content; max-width: 100%; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); padding: 4px; }
th, td { border-bottom: 1px solid var(--edge); padding: 3px 10px; text-align: right; vertical-align: top; }
th[scope="row"], thead th:first-child { text-align: left; font-weight: normal; }
details > summary { cursor: pointer; }
details.data > summary { color: var(--faint); font-size: .87rem; }
.question { border: 1px solid var(--edge); border-radius: 6px; padding: 14px 16px; margin: 0 0 18px; min-width: 0; contain: content; }
.model-text { white-space: break-spaces; overflow-wrap: anywhere; unicode-bidi: isolate; font-variant-ligatures: none; }
div.model-text { contain: content; background: var(--panel); border-radius: 4px; padding: 6px 8px; }
.model-text .mark { border: 1px solid currentColor; border-radius: 3px; font: .75em ui-monospace, monospace; padding: 0 3px; margin: 0 1px; }
.formula { display: inline-block; max-width: 100%; overflow: auto; vertical-align: middle; contain: content; }
.formula.display { display: block; text-align: center; }
.class { margin: 4px 0 4px 12px; }
.majority { color: var(--good); }
.share, .votes { color: var(--faint); }
.answer { margin: 4px 0 10px 18px; }
.answer .note, .score { margin: 6px 0 2px; }
footer { margin-top: 48px; border-top: 1px solid var(--edge); }
@media print {
  html { font-size: 10pt; } body { max-width: none; padding: 0; } nav { display: none; }
  .question, .chart, tr { break-inside: avoid; } .scroll { max-height: none; overflow: visible; }
}
`;
