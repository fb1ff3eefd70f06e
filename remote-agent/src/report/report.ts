import { createHash } from "node:crypto";
import { chartSections } from "./charts/charts.ts";
import { figureTable } from "./charts/table.ts";
import type { ContentTable, Fact, ReportContent, ReportQuestion, ReportSelection } from "./content.ts";
import { Html, html } from "./html.ts";
import { questionArticle } from "./question.ts";
import { style } from "./style.ts";

/** Nothing is loaded, sent or run: the page has one style sheet, which is named by its hash. */
const policy = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; base-uri 'none'; form-action 'none'`;

/** A report stops taking in questions at this size and says so: a browser must still open it. */
export const MOST_BYTES = 48 * 1024 * 1024;

/** What was written in the end. */
export interface Written {
  readonly questions: number;
  readonly bytes: number;
}

/**
 * A run as one HTML file that needs nothing else, in pieces as they are made: its questions are asked for one at a time. The same
 * content gives the same bytes. @param question fetches one question of a selection
 */
export async function* reportPieces(
  content: ReportContent,
  question: (id: string) => Promise<ReportQuestion>,
  mostBytes = MOST_BYTES,
): AsyncGenerator<string, Written> {
  let bytes = 0;
  let questions = 0;
  const piece = ({ text }: Html): string => {
    bytes += Buffer.byteLength(text);
    return text;
  };
  yield piece(head(content));
  yield piece(
    html`<section aria-labelledby="charts"><h2 id="charts">Charts</h2>${chartSections(content.series)}</section>`,
  );
  yield piece(
    html`<section aria-labelledby="questions"><h2 id="questions">Selected questions</h2>${questionsIntro(content)}`,
  );
  for (const selection of content.selections) {
    yield piece(selectionHead(selection));
    for (const [i, id] of selection.ids.entries()) {
      if (bytes >= mostBytes) {
        yield piece(
          html`<p class="note">${`${selection.ids.length - i} more are left out: the report would be too large to open.`}</p>`,
        );
        break;
      }
      questions += 1;
      yield piece(questionArticle(await question(id), questions));
    }
    yield piece(html`</section>`);
  }
  yield piece(html`</section></main>${foot(content)}</body></html>\n`);
  return { questions, bytes };
}

function head(content: ReportContent): Html {
  const { name, id, state, tags, notes, summary } = content;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Html(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><title>${`${name}: report of an R-Zero run`}</title>${new Html(`<style>${style}</style>`)}</head>
<body><header><h1>${name}</h1><p class="note">${`Run ${id}, ${state}`}</p>${tags.length === 0 ? null : html`<p>${tags.map((tag) => html`<span class="tag">${tag}</span>`)}</p>`}${contents}</header>
<main><section aria-labelledby="summary"><h2 id="summary">Summary</h2>${summary.map((sentence) => html`<p>${sentence}</p>`)}${notes === null ? null : html`<h3>Notes</h3><p class="person">${notes}</p>`}</section>
<section aria-labelledby="ran"><h2 id="ran">What ran</h2>${factList(content.ran)}<details class="data"><summary>All settings</summary>${factList(content.settings)}</details></section>
<section aria-labelledby="iterations"><h2 id="iterations">Iterations</h2>${table(content.iterations)}<h3>Stages and time</h3>${table(content.stages)}</section>
${alarms(content)}${notices(content)}`;
}

const contents = html`<nav aria-label="Contents"><ul>${[
  ["summary", "Summary"],
  ["ran", "What ran"],
  ["iterations", "Iterations"],
  ["charts", "Charts"],
  ["questions", "Selected questions"],
].map(([id, title]) => html`<li><a href="#${id ?? ""}">${title ?? ""}</a></li>`)}</ul></nav>`;

function alarms({ alarms: all }: ReportContent): Html | null {
  if (all.length === 0) return null;
  const items = all.map(
    ({ title, when, standing, sentences }) =>
      html`<li><strong>${title}</strong>${standing ? " (it still holds)" : null} <span class="note">${when}</span>${sentences.map((sentence) => html`<br>${sentence}`)}</li>`,
  );
  return html`<section aria-labelledby="alarms"><h2 id="alarms">Alarms</h2><ul>${items}</ul></section>\n`;
}

function notices({ notices: all }: ReportContent): Html | null {
  if (all.length === 0) return null;
  return html`<section aria-labelledby="notices"><h2 id="notices">Warnings</h2><ul>${all.map(({ at, level, text }) => html`<li><span class="note">${`${at}, ${level}: `}</span>${text}</li>`)}</ul></section>\n`;
}

function questionsIntro({ questions, selections }: ReportContent): Html {
  const shown = selections.reduce((sum, { ids }) => sum + ids.length, 0);
  const sentence = `${shown.toLocaleString("en-US")} of the run's ${questions.toLocaleString("en-US")} questions. They and their answers were written by the models.`;
  return html`<p>${sentence}</p>`;
}

function selectionHead({ key, title, rule, ids, total, elsewhere }: ReportSelection): Html {
  const others = elsewhere === 0 ? "" : ` ${elsewhere} of them stand above.`;
  const count = `${(ids.length + elsewhere).toLocaleString("en-US")} of ${total.toLocaleString("en-US")}.`;
  return html`<section aria-labelledby="selection-${key}"><h3 id="selection-${key}">${title}</h3><p class="note">${`${rule} ${count}${others}`}</p>\n`;
}

function factList(facts: readonly Fact[]): Html {
  return html`<dl class="facts">${facts.map(({ term, text }) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`;
}

function table(content: ContentTable): Html {
  return html`<div class="scroll whole" role="region" tabindex="0" aria-label="${content.caption}">${figureTable(content)}</div>`;
}

function foot({ remarks }: ReportContent): Html {
  return html`<footer>${remarks.map((remark) => html`<p class="note">${remark}</p>`)}<p class="note">R-Zero (arXiv 2508.05004): two language models teach each other. This file loads nothing and runs no script.</p></footer>`;
}
