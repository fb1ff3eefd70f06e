/** FTS5's trigram against words, on the same 10,000 answers: time to build, size of the index, what a search finds and takes. */
import { DatabaseSync } from "node:sqlite";
import { searchable, searchOf, TOKENIZER } from "../../remote-agent/src/run/index/searchText.ts";
import { MathText } from "../support/mathText.ts";

const text = new MathText(3);
const answers = Array.from({ length: 10_000 }, () => text.text(10));
const characters = answers.reduce((sum, answer) => sum + answer.length, 0);
const searches = ["the", "prime number", "\\frac{n(n+1)}{2}", "zyx7qord", "三角形", "面积"];

for (const [name, tokenizer, prepare] of [
  ["words", TOKENIZER, searchable],
  ["trigram", "trigram", (texts: readonly string[]) => texts.join("\n")],
] as const) {
  const db = new DatabaseSync(":memory:");
  db.exec(`CREATE VIRTUAL TABLE search USING fts5(answers, content='', contentless_delete=1, tokenize='${tokenizer}')`);
  const insert = db.prepare("INSERT INTO search (rowid, answers) VALUES (?, ?)");
  const started = process.cpuUsage();
  db.exec("BEGIN");
  answers.forEach((answer, i) => void insert.run(i + 1, prepare([answer])));
  db.exec("COMMIT");
  const cpu_s = process.cpuUsage(started).user / 1e6;
  const pages = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]) * 4096;
  const count = db.prepare("SELECT count(*) AS n FROM search WHERE search MATCH ?");
  const found = searches.map((typed) => {
    const match = name === "words" ? matchOf(typed) : `"${typed}"`;
    const from = performance.now();
    const { n } = count.get(match) ?? {};
    return `${typed}: ${n} in ${(performance.now() - from).toFixed(1)} ms`;
  });
  console.log(JSON.stringify({ bench: "index.tokenizers", case: name, cpu_s, index_share: pages / characters, found }));
}

function matchOf(typed: string): string {
  const { words, phrases } = searchOf(typed);
  return [...words, ...(phrases === null ? [] : [phrases])].join(" AND ");
}
