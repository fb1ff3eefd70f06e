// The inspector's built page in a real browser, at its other end a real agent with a real run.

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import { AgentError } from "../../src/link/agentError.ts";
import { pageQuery } from "../../src/panels/inspector/firstQuestions.ts";
import { stateOf } from "../../src/panels/inspector/messages.ts";
import { type RunHome, runHome } from "../support/inspectedRun.ts";
import { factsOf, HOST, type InspectedAgent, inspectedAgent, openInspector } from "../support/inspectorHarness.ts";
import { axeSource, builtPanels, launchChromium, OUTSIDE } from "../support/panelPage.ts";
import { smallRun, writeQuestionRun } from "../support/questionRun.ts";
import { type ThemeName, themes } from "../support/themes.ts";
import { RunWriter, task } from "../support/writtenRun.ts";

let home: RunHome;
let agent: InspectedAgent;
let browser: Browser;
let files: ReadonlyMap<string, Uint8Array>;
let rows: QuestionRow[];
let open: Awaited<ReturnType<typeof openInspector>>[] = [];

beforeAll(async () => {
  home = await runHome();
  await writeQuestionRun(home.directory, { ...smallRun, asked: 40, curriculum: 150 }, { seed: 5 });
  agent = inspectedAgent(home.home, `${home.home}/cache`);
  browser = await launchChromium();
  files = await builtPanels();
  await vi.waitFor(async () => expect((await ask()).index.current).toBe(true), { timeout: 60_000, interval: 500 });
  ({ rows } = await ask());
}, 300_000);

afterEach(async () => {
  const incidents = open.flatMap((one) => one.incidents);
  await Promise.all(open.map((one) => one.close()));
  open = [];
  expect(incidents).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await agent?.close();
  await home?.remove();
});

const ask = (query = {}) =>
  agent.client.request("runs/questions", { run: home.run, query: { limit: 500, ...query } }, { limitMs: 60_000 });

async function inspector(more: Partial<Parameters<typeof openInspector>[3]> = {}) {
  const made = await openInspector(browser, files, agent.client, { run: home.run, ...more });
  open.push(made);
  return made;
}

async function shown(more: Partial<Parameters<typeof openInspector>[3]> = {}) {
  const made = await inspector(more);
  await made.page.waitForSelector(".grid-body .row:not(.pending)", { timeout: 30_000 });
  return made;
}

/** With an agent whose answers about rows can be held back. */
async function holding() {
  let isHeld = false;
  const held: (() => void)[] = [];
  const made = await shown({
    more: {
      questions: async ({ run, query }, signal) => {
        if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
        return agent.client.request("runs/questions", { run, query }, { signal });
      },
    },
  });
  const hold = () => {
    isHeld = true;
  };
  const release = () => {
    isHeld = false;
    for (const go of held) go();
  };
  return { ...made, held, hold, release };
}

const status = (page: Page) => page.locator(".status-text").first();
const marked = (page: Page) => page.locator('.grid-body .row[aria-selected="true"]');

describe("the table", () => {
  it("says how large it is and holds only the rows in view", async () => {
    const { page } = await shown();
    const grid = page.locator('[role="grid"]');
    expect(await grid.getAttribute("aria-rowcount")).toBe(String(rows.length + 1));
    expect(await page.locator(".grid-body .row").count()).toBeLessThan(80);
    expect(await page.locator(".grid-body .row").first().getAttribute("aria-rowindex")).toBe("2");
    await page.locator(".grid").evaluate((element) => element.scrollTo(0, 1e9));
    await expect
      .poll(() => page.locator(`.grid-body [data-index="${rows.length - 1}"]`).textContent())
      .toContain(rows.at(-1)?.stage);
  });

  it("is walked through by keys, and remembers where the person is", async () => {
    const { page, kept } = await shown();
    await page.locator(".grid").focus();
    for (const key of ["Home", "PageDown", "ArrowDown", "ArrowUp", "End"]) await page.keyboard.press(key);
    await expect.poll(() => marked(page).getAttribute("data-index")).toBe(String(rows.length - 1));
    const active = await page.locator(".grid").getAttribute("aria-activedescendant");
    expect(await marked(page).getAttribute("id")).toBe(active);
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await expect.poll(() => kept()?.panes[0].selected).toBe(rows[0]?.id);
    await expect.poll(() => kept()?.detail?.id).toBe(rows[0]?.id);
    await expect.poll(() => page.evaluate("document.activeElement.className")).toBe("detail-content");
    await page.keyboard.press("Escape");
    expect(await page.evaluate("document.activeElement.className")).toBe("grid");
    await page.keyboard.press("Escape");
    expect(await page.locator(".detail").isVisible()).toBe(false);
    await page.keyboard.press("/");
    expect(await page.evaluate("document.activeElement.localName")).toBe("vscode-text-field");
  });

  it("searches when the person has stopped typing, and sorts by a column", async () => {
    const sought = new Set<string>();
    const { page, kept } = await shown({
      more: {
        questions: ({ run, query }, signal) => {
          if (query.filter?.text !== undefined) sought.add(query.filter.text);
          return agent.client.request("runs/questions", { run, query }, { signal });
        },
      },
    });
    await page.keyboard.press("/");
    await page.keyboard.type("triangle", { delay: 15 });
    const found = await ask({ filter: { text: "triangle" } });
    expect(found.total).toBeGreaterThan(0);
    await expect.poll(() => status(page).textContent()).toContain(`${found.total} question`);
    expect(sought.size).toBeLessThan("triangle".length); // not at every key, however slow the keys came
    await page.keyboard.press("Escape");
    await expect.poll(() => status(page).textContent()).toContain(`${rows.length} questions`);
    await page.getByRole("button", { name: "Reward", exact: true }).click();
    const best = (await ask({ sort: { by: "reward", descending: true }, limit: 1 })).rows[0];
    await expect
      .poll(() => page.locator('.grid-body [data-index="0"]').textContent())
      .toContain(best?.reward?.toFixed(3));
    await expect
      .poll(() => page.locator('[role="columnheader"][aria-sort]').getAttribute("aria-sort"))
      .toBe("descending");
    await expect.poll(() => kept()?.panes[0].sort).toEqual({ by: "reward", descending: true });
  });

  it("filters by values with their counts, and by ranges", async () => {
    const { page, kept } = await shown();
    await page.getByRole("button", { name: "Curriculum" }).first().click();
    const inCurriculum = (await ask({ filter: { kept: true } })).total;
    await page
      .locator(".menu vscode-checkbox", { hasText: `kept (${inCurriculum})` })
      .first()
      .click();
    await expect.poll(() => status(page).textContent()).toContain(`${inCurriculum} question`);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Ranges" }).click();
    await page.locator('vscode-text-field[aria-label="p̂ at least"]').click();
    await page.keyboard.type("60%");
    const both = (await ask({ filter: { kept: true, share: { min: 0.6 } } })).total;
    await expect.poll(() => status(page).textContent()).toContain(`${both} question`);
    await expect.poll(() => kept()?.panes[0].filter).toEqual({ kept: true, share: { min: 0.6 } });
    await page.keyboard.press("Escape");
    await page.getByText("Clear filters").click();
    await expect.poll(() => status(page).textContent()).toContain(`${rows.length} questions`);
  });

  it("has menus that a keyboard opens at their first item, walks through, leaves and acts in", async () => {
    const { page, asked } = await shown();
    const focused = () => page.evaluate("document.activeElement.textContent || document.activeElement.title");
    const button = page.getByRole("button", { name: "Export Report" });
    for (const key of ["Enter", "Space"]) {
      await button.focus();
      await page.keyboard.press(key);
      await expect.poll(focused).toBe("Report of what is listed…");
      await page.keyboard.press("ArrowDown"); // no question is open, so there is nothing else to do
      expect(await focused()).toBe("Report of what is listed…");
      await page.keyboard.press("Escape");
      await expect.poll(focused).toBe("Export Report");
    }
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("Report of what is listed…");
    await page.keyboard.press("Enter");
    await expect.poll(() => asked.reports.length).toBe(1);
    await expect.poll(focused).toBe("Export Report");
    const columns = page.getByRole("button", { name: "Columns" });
    await columns.focus();
    await page.keyboard.press("Enter");
    const box = () =>
      page.evaluate("[...document.querySelectorAll('.menu vscode-checkbox')].indexOf(document.activeElement)");
    await expect.poll(box).toBe(0);
    await page.keyboard.press("ArrowDown");
    expect(await box()).toBe(1);
  });

  it("opens at the rollouts of a step, which a slider moves", async () => {
    const filter = { rolled: { iteration: 1, stage: "solver", step: 1 } };
    const stages = [{ iteration: 1, stage: "solver", units: 2 }];
    const { page, kept } = await shown({ state: stateOf({ host: HOST, run: home.run }, filter), facts: { stages } });
    await expect.poll(() => status(page).textContent()).toContain(`${(await ask({ filter })).total} question`);
    await page.getByRole("button", { name: "Later step" }).click();
    await expect.poll(() => kept()?.panes[0].filter).toEqual({ rolled: { iteration: 1, stage: "solver", step: 2 } });
  });
});

describe("a change of the table", () => {
  it("leaves the rows that are there until the new ones have come, and says that they wait", async () => {
    const { page, held, hold, release } = await holding();
    const first = page.locator('.grid-body [data-index="0"]');
    const before = await first.textContent();
    const scrolled = page.locator('.grid-body [data-index="40"]:not(.pending)');
    await page.locator(".grid").evaluate((element) => element.scrollTo(0, 24 * 40));
    await scrolled.waitFor();
    hold();
    await page.getByRole("button", { name: "Reward", exact: true }).click();
    await expect.poll(() => page.locator(".grid").getAttribute("aria-busy")).toBe("true");
    expect(await scrolled.count()).toBe(1);
    expect(await page.locator(".grid-body .row.pending").count()).toBe(0);
    await expect.poll(() => held.length).toBeGreaterThan(0);
    release();
    const best = (await ask({ sort: { by: "reward", descending: true }, limit: 1 })).rows[0];
    await expect.poll(() => first.textContent()).toContain(best?.reward?.toFixed(3));
    expect(await first.textContent()).not.toBe(before);
    expect(await page.locator(".grid").getAttribute("aria-busy")).toBeNull();
    expect(await page.locator(".grid").evaluate((element) => element.scrollTop)).toBe(0);
  });

  it("that fails says so in the place of the rows", async () => {
    let fails = false;
    const { page } = await shown({
      more: {
        questions: async ({ run, query }, signal) => {
          if (fails) throw new AgentError("failed", "The index is broken.");
          return agent.client.request("runs/questions", { run, query }, { signal });
        },
      },
    });
    fails = true;
    await page.getByRole("button", { name: "Reward", exact: true }).click();
    await page.getByText("The index is broken.").waitFor();
    expect(await page.locator(".grid").isVisible()).toBe(false);
    expect(await page.locator(".grid").getAttribute("aria-busy")).toBeNull();
  });

  it("keeps the keyboard on the head of the column that sorts", async () => {
    const { page } = await shown();
    const head = page.getByRole("button", { name: /^Reward/ });
    await head.focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => head.textContent()).toBe("Reward ↓");
    await page.keyboard.press("Enter");
    await expect.poll(() => head.textContent()).toBe("Reward ↑");
    expect(await head.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  });

  it("to wider text shows what had no room before", async () => {
    const { page } = await shown({ size: { width: 900, height: 700 } });
    const cells = page.locator(".grid-body .cell.text");
    const longest = () =>
      cells.evaluateAll((all) => Math.max(...all.map(({ textContent }) => textContent?.length ?? 0)));
    const narrow = await longest();
    await page.setViewportSize({ width: 2400, height: 700 });
    await expect.poll(longest).toBeGreaterThan(narrow);
  });
});

describe("rows that come late", () => {
  it("take the keyboard from nobody; who comes back to the page is in the table", async () => {
    let go: () => void = () => undefined;
    const come = new Promise<void>((resolve) => (go = resolve));
    const { page, frame } = await inspector({
      framed: true,
      more: {
        questions: async ({ run, query }, signal) => {
          await come;
          return agent.client.request("runs/questions", { run, query }, { signal });
        },
      },
    });
    await frame.locator(".state-loading").waitFor();
    await page.locator(OUTSIDE).focus();
    go();
    await frame.locator(".grid-body .row:not(.pending)").first().waitFor();
    await page.keyboard.type("typed");
    expect(await page.locator(OUTSIDE).inputValue()).toBe("typed");
    await frame.evaluate("window.focus()");
    await expect.poll(() => frame.evaluate("document.activeElement?.getAttribute('role')")).toBe("grid");
  });
});

describe("rows that come late to one of two tables", () => {
  it("take the keyboard from nobody who types in the other", async () => {
    const { page, hold, release } = await holding();
    hold();
    await page.getByRole("button", { name: "Compare: a second table" }).click();
    const search = page.locator(".pane").nth(1).locator("vscode-text-field.search");
    await search.click();
    release();
    await page.locator(".pane").first().locator(".grid-body .row:not(.pending)").first().waitFor();
    await page.keyboard.type("circle");
    expect(await search.evaluate((field) => (field as unknown as { value: string }).value)).toBe("circle");
  });
});

describe("answers that the host has before the page asks", () => {
  it("are taken for the first rows, once", async () => {
    const query = { filter: {}, sort: { by: "order", descending: false } } as const;
    const params = { host: HOST, run: home.run, query: pageQuery(query, 0) };
    const page = await agent.client.request("runs/questions", { run: home.run, query: params.query });
    const asked: unknown[] = [];
    const made = await shown({
      ahead: (end) => end.sendAhead("questions", params, page),
      more: {
        questions: async ({ run, query: own }, signal) => {
          asked.push(own);
          return agent.client.request("runs/questions", { run, query: own }, { signal });
        },
      },
    });
    expect(asked).not.toContainEqual(params.query);
    expect(asked.length).toBeGreaterThan(0); // how many questions there are in all was not sent
    await made.page.getByRole("button", { name: "Reward", exact: true }).click();
    await made.page.getByRole("button", { name: /^It\./ }).first().click();
    await expect.poll(() => asked.filter((own) => JSON.stringify(own).includes('"at":0')).length).toBeGreaterThan(1);
  });
});

describe("an answer that crosses the page's question", () => {
  it("is its answer: the first rows do not wait for another", async () => {
    const query = { filter: {}, sort: { by: "order", descending: false } } as const;
    const params = { host: HOST, run: home.run, query: pageQuery(query, 0) };
    const page = await agent.client.request("runs/questions", { run: home.run, query: params.query });
    let asked = 0;
    const made = await inspector({
      more: {
        questions: async ({ run, query: own }, signal) => {
          const isFirst = JSON.stringify(own) === JSON.stringify(params.query);
          if (!isFirst) return agent.client.request("runs/questions", { run, query: own }, { signal });
          asked += 1;
          return new Promise(() => undefined);
        },
      },
    });
    await expect.poll(() => asked).toBe(1);
    expect(await made.page.locator(".grid-body .row:not(.pending)").count()).toBe(0);
    made.end.sendAhead("questions", params, page);
    await made.page.waitForSelector(".grid-body .row:not(.pending)");
    expect(asked).toBe(1);
  });
});

describe("a question", () => {
  it("shows its answers by equality with the label marked, its rewards in parts and its neighbours", async () => {
    const at = rows.findIndex(({ share, clusterSize }) => share !== null && share < 1 && (clusterSize ?? 0) > 1);
    const row = rows[at] as QuestionRow;
    const { page } = await shown({
      state: { ...stateOf({ host: HOST, run: home.run }), detail: { pane: 0, kind: "question", id: row.id } },
    });
    const view = await agent.client.request("runs/question", { run: home.run, id: row.id });
    const group = page.locator(".answers");
    await expect.poll(() => group.locator(".class.major .class-count").first().textContent()).toBe(`${row.votes}×`);
    expect(await group.locator(".class").count()).toBe(view.groups[0]?.classes.length);
    await expect.poll(() => page.locator(".score").first().textContent()).toContain("uncertainty");
    expect(await page.locator(".neighbours li").count()).toBe(view.neighbours.length);
  });

  it("leads along its lineage to the checkpoint and back, and to what it taught", async () => {
    const taught = rows.find(({ trainedSteps }) => trainedSteps > 0) as QuestionRow;
    const { page, kept } = await shown({
      state: { ...stateOf({ host: HOST, run: home.run }), detail: { pane: 0, kind: "question", id: taught.id } },
    });
    const checkpoint = page.locator(".lineage .step", { hasText: "checkpoint" });
    await expect.poll(() => checkpoint.count()).toBeGreaterThan(1); // the one that wrote it, and the one it made
    await checkpoint.last().locator(".node").first().click();
    await expect.poll(() => page.locator(".detail-title").textContent()).toContain("checkpoint");
    await expect.poll(() => page.locator(".record").textContent()).toContain('"role"');
    await expect.poll(() => kept()?.detail?.kind).toBe("record");
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await expect.poll(() => kept()?.detail?.id).toBe(taught.id);
    await expect.poll(() => page.locator(".answers .class").count()).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Forward", exact: true }).click();
    await expect.poll(() => kept()?.detail?.kind).toBe("record");
  });

  it("that the person goes back to is what the host knows of before the page asks for it", async () => {
    const taught = rows.find(({ trainedSteps }) => trainedSteps > 0) as QuestionRow;
    let known: (() => string | undefined) | null = null;
    const knownWhenAsked: unknown[] = [];
    const { page, kept } = await shown({
      state: { ...stateOf({ host: HOST, run: home.run }), detail: { pane: 0, kind: "question", id: taught.id } },
      more: {
        question: ({ run, id }, signal) => {
          if (known !== null) knownWhenAsked.push(known());
          return agent.client.request("runs/question", { run, id }, { signal });
        },
      },
    });
    await page.locator(".lineage .step", { hasText: "checkpoint" }).first().locator(".node").first().click();
    await expect.poll(() => kept()?.detail?.kind).toBe("record");
    known = () => kept()?.detail?.kind;
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await expect.poll(() => knownWhenAsked).toEqual(["question"]);
  });

  it("is copied, and two of its answers are compared in the editor", async () => {
    const row = rows.find(({ share }) => share !== null && share < 1 && share > 0.4) as QuestionRow;
    const { page, asked } = await shown({
      state: { ...stateOf({ host: HOST, run: home.run }), detail: { pane: 0, kind: "question", id: row.id } },
    });
    const said = page.getByText("Copied.").waitFor(); // it goes again after some seconds
    await page.getByRole("button", { name: "Copy Markdown" }).click();
    await said;
    await expect.poll(() => asked.copied).toEqual([`markdown ${row.id}`]);
    await page.getByText("Select for Diff").first().click();
    await page.locator(".answer summary").nth(1).click();
    const buttons = page.locator("[data-diff]");
    await expect
      .poll(() => buttons.allTextContents())
      .toEqual(["Selected: choose the other one", "Diff with Selected"]);
    await buttons.last().click();
    await expect.poll(() => asked.diffs.length).toBe(1);
    expect(new Set(asked.diffs[0]).size).toBe(2);
  });
});

describe("over time", () => {
  it("a live run's new questions are announced, and nothing moves until they are asked for", async () => {
    const own = await runHome();
    const other = inspectedAgent(own.home, `${own.home}/cache`);
    try {
      await writeQuestionRun(own.directory, smallRun);
      const made = await openInspector(browser, files, other.client, { run: own.run, facts: { live: true } });
      open.push(made);
      const { page, end } = made;
      await page.waitForSelector(".grid-body .row:not(.pending)", { timeout: 60_000 });
      await expect.poll(() => status(page).textContent()).toContain("124 questions");
      await page.locator(".grid").evaluate((element) => element.scrollTo(0, 480));
      await page.locator('.grid-body [data-index="25"]').click();
      const top = await page.locator(".grid").evaluate((element) => element.scrollTop);
      const writer = await RunWriter.open(own.directory, 2);
      await writer.call(
        "iteration:3/audit/source:held-out",
        "source",
        Array.from({ length: 12 }, (_, i) => task(`late question ${i}`)),
      );
      await writer.close();
      end.send("grown", { host: HOST, run: own.run });
      await page.getByText("12 new questions").waitFor({ timeout: 30_000 });
      expect(await status(page).textContent()).toContain("124 questions");
      expect(await page.locator(".grid").evaluate((element) => element.scrollTop)).toBe(top);
      await page.getByText("12 new questions").click();
      await expect.poll(() => status(page).textContent()).toContain("136 questions");
      expect(await page.locator(".grid").evaluate((element) => element.scrollTop)).toBe(top);
      expect(await marked(page).getAttribute("data-index")).toBe("25");
    } finally {
      await other.close();
      await own.remove();
    }
  }, 120_000);

  it("a question of before its decision was indexed shows it once it is, and what is being read stays", async () => {
    const decision = {
      seq: 1_000_000,
      id: "0123456789abcdef01234567",
      undoes: null,
      task: rows[0]?.task ?? "",
      at: 1_764_000_000_000,
      by: "somebody",
      verdict: "reject",
      label: null,
      question: null,
      note: null,
    } as const;
    let asked = 0;
    const { page } = await shown({
      more: {
        question: async ({ run, id }, signal) => {
          const view = await agent.client.request("runs/question", { run, id }, { signal });
          asked += 1;
          if (asked < 3) return { ...view, index: { ...view.index, current: false, behind: 100 } };
          return { ...view, question: { ...view.question, decision } };
        },
      },
    });
    await page.locator('.grid-body [data-index="0"]').click();
    const question = page.locator(".question");
    await question.waitFor();
    await question.evaluate((element) => element.setAttribute("data-same", ""));
    await page.locator(".question > .facts").getByText("rejected; by somebody").waitFor();
    expect(await question.getAttribute("data-same")).toBe("");
    await page.waitForTimeout(3000);
    expect(asked).toBe(3);
  });

  it("a lost connection leaves what is there and says how old it is; a page made anew is where it was", async () => {
    const { page, end, kept } = await shown();
    const at = rows.findIndex(({ answers }) => answers > 0);
    await page.locator(`.grid-body [data-index="${at}"]`).click();
    await expect.poll(() => kept()?.detail?.id).toBe(rows[at]?.id);
    end.send(
      "run",
      factsOf(home.run, { link: { kind: "waiting", lastHeard: 1_764_000_000_000, why: "The connection was closed." } }),
    );
    await page.getByText("Not connected; last heard").waitFor();
    expect(await page.locator(".grid-body .row").count()).toBeGreaterThan(10);
    end.send("run", factsOf(home.run));
    await expect.poll(() => page.locator(".staleness").count()).toBe(0);
    await page.reload();
    await expect.poll(() => marked(page).getAttribute("data-index")).toBe(String(at));
    await expect.poll(() => page.locator(".answers").count()).toBe(1);
  });

  it("says what is wrong and tries again when it is told to", async () => {
    let broken = true;
    const { page } = await inspector({
      more: {
        questions: ({ run, query }, signal) =>
          broken
            ? Promise.reject(new Error("The index is damaged: delete it."))
            : agent.client.request("runs/questions", { run, query }, { signal }),
      },
    });
    await page.getByText("The index is damaged: delete it.").waitFor();
    await page.getByText("Try Again").click();
    broken = false; // it also tries again by itself
    await page.waitForSelector(".grid-body .row:not(.pending)");
    const own = open[0];
    expect(own?.incidents.every((incident) => incident.startsWith("trouble: Error: The index is damaged"))).toBe(true);
    own?.incidents.splice(0);
  });

  it("two tables side by side search for the same, each under its own filter", async () => {
    const { page, kept } = await shown();
    await page.getByRole("button", { name: "Compare: a second table" }).click();
    await expect.poll(() => page.locator(".pane").count()).toBe(2);
    await page.locator(".pane").nth(1).locator("vscode-text-field.search").click();
    await page.keyboard.type("circle");
    const { total } = await ask({ filter: { text: "circle" } });
    await expect
      .poll(() => page.locator(".status-text").allTextContents())
      .toEqual([`${total} questions`, `${total} questions`]);
    await page.locator(".pane").nth(1).getByRole("button", { name: "Iteration" }).click();
    await page.locator(".menu:popover-open vscode-checkbox").first().click();
    await expect.poll(() => kept()?.panes[1]?.filter).toEqual({ text: "circle", iteration: [1] });
    expect(kept()?.panes[0].filter).toEqual({ text: "circle" });
  });
});

describe.each(Object.keys(themes) as ThemeName[])("in the theme %s", (theme) => {
  it("axe finds nothing wrong with table and question", async () => {
    const { page } = await shown({
      theme,
      state: {
        ...stateOf({ host: HOST, run: home.run }),
        detail: { pane: 0, kind: "question", id: rows[2]?.id ?? "" },
      },
    });
    await page.waitForSelector(".lineage .step");
    await page.locator('.grid-body [data-index="1"]').click();
    await page.evaluate(await axeSource());
    const found = await page.evaluate(
      "axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')))",
    );
    expect(found).toEqual([]);
  }, 180_000);
});
