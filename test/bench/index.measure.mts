/**
 * One process that builds or asks the index of a run, for index.ts; prints one line of JSON.
 *
 *   node index.measure.mts build|query RUN_DIRECTORY CACHE_DIRECTORY
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { facetKeys, type QuestionFilter, questionQuery } from "../../remote-agent/src/protocol/questionQuery.ts";
import type { QuestionPage } from "../../remote-agent/src/protocol/questionRows.ts";
import { RunIndex } from "../../remote-agent/src/run/index/runIndex.ts";
import { MathText } from "../support/mathText.ts";

/** Words that stand in most answers. */
const common = ["the", "of", "a", "is", "and", "to", "that", "we", "number", "integer", "frac", "sqrt", "sum", "n"];

const [what, runDir = "", cache = ""] = process.argv.slice(2);
const index = new RunIndex({ runDir, domain: "sort", env: { ...process.env, XDG_CACHE_HOME: cache } });
const fresh = { waitMs: Number.POSITIVE_INFINITY };
const started = performance.now();
await index.catchUp();
const caughtUpMs = performance.now() - started;
if (what === "build") say({ ms: caughtUpMs, peak_mb: memoryMb("VmHWM"), index_mb: sizeMb(join(cache, "rzero/index")) });
else await query();
await index.close();
process.exit();

async function query(): Promise<void> {
  const first = performance.now();
  const { total } = await index.questions(questionQuery.parse({}), fresh);
  const open_ms = performance.now() - first;
  const text = new MathText(7);
  const cases: Record<string, { first: number[]; next: number[] }> = {};
  const time = async (
    name: string,
    ask: () => Promise<QuestionPage | unknown>,
    next?: (page: QuestionPage) => Promise<unknown>,
  ) => {
    cases[name] ??= { first: [], next: [] };
    const figures = cases[name];
    let from = performance.now();
    const page = await ask();
    figures.first.push(performance.now() - from);
    if (next === undefined) return;
    from = performance.now();
    await next(page as QuestionPage);
    figures.next.push(performance.now() - from);
  };
  const pages = async (name: string, query: object) => {
    const ask = (place: object) => index.questions(questionQuery.parse({ ...query, ...place }), fresh);
    await time(
      name,
      () => ask({}),
      (page) => ask(page.next === null ? {} : { after: page.next }),
    );
  };
  const iterations =
    (await index.facets({}, ["iteration"], fresh)).facets.iteration?.map(({ value }) => Number(value)) ?? [];
  const filter = (): QuestionFilter => ({
    iteration: iterations.filter(() => text.random() < 0.6).concat(1),
    kept: text.random() < 0.7,
    share: { min: text.random() * 0.4, max: 0.6 + text.random() * 0.4 },
    difficulty: { min: text.random() * 8, max: 12 + text.random() * 12 },
  });
  const rare = Array.from({ length: 50 }, (_, i) => `zyx${i}qord`);
  const sorts = ["answerTokens", "reward", "share", "difficulty", "tokens", "penalty", "band", "votes"] as const;
  for (let round = 0; round < 40; round++) {
    const sort = { by: text.pick(sorts), descending: text.random() < 0.5 };
    const id = (await index.questions(questionQuery.parse({ limit: 1, at: text.whole(total) }), fresh)).rows[0];
    await pages("first page", { filter: { difficulty: { min: -round } } });
    // Every search is another one: nothing is found in a cache.
    await pages("common term", {
      filter: { text: `${common[round % common.length]} ${common[(round * 7 + 3) % common.length]}` },
    });
    await pages("one common term", { filter: { text: common[round % common.length], reward: { min: -2 - round } } });
    await pages("rare term", { filter: { text: rare[round % rare.length] } });
    await pages("deep page", { sort, at: Math.floor(total * (0.3 + 0.69 * text.random())) });
    await pages("unindexed sort", { sort, filter: { uncertainty: { min: -round } } });
    await pages("combined filter", { filter: filter(), sort });
    await pages("combined filter and term", { filter: { ...filter(), text: common[round % common.length] }, sort });
    await time("facets", () => index.facets({ share: { min: round / 1000 } }, facetKeys, fresh));
    await time("question with its answers", () => index.question(id?.id ?? "", fresh));
    await time("lineage", () => index.lineage({ id: id?.id ?? "", direction: "both", depth: 4, limit: 100 }, fresh));
    await time("record", () => index.record(id?.id ?? "", 0, fresh));
  }
  say({ total, open_ms, rss_mb: memoryMb("VmRSS"), peak_mb: memoryMb("VmHWM"), cases });
}

function memoryMb(what: "VmHWM" | "VmRSS"): number {
  const line = new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}

function sizeMb(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0) / 2 ** 20;
}

function say(figures: object): void {
  console.log(JSON.stringify(figures));
}
