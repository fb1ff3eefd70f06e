// Asking a question again in the inspector's built page: a real browser, a real agent, and a server that answers.

import { readdir } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { QuestionRow } from "../../remote-agent/src/protocol/questionRows.ts";
import { readJournal } from "../../remote-agent/src/run/journal/read.ts";
import { AgentError } from "../../src/link/agentError.ts";
import { type ReaskProgress, type ReaskState, stateOf } from "../../src/panels/inspector/messages.ts";
import { type RunHome, runHome } from "../support/inspectedRun.ts";
import { HOST, type InspectedAgent, inspectedAgent, openInspector } from "../support/inspectorHarness.ts";
import { axeSource, builtPanels, launchChromium, OUTSIDE } from "../support/panelPage.ts";
import { smallRun, writeQuestionRun } from "../support/questionRun.ts";
import { type ThemeName, themes } from "../support/themes.ts";

let home: RunHome;
let agent: InspectedAgent;
let browser: Browser;
let files: ReadonlyMap<string, Uint8Array>;
let row: QuestionRow;
let server: http.Server;
let url: string;
/** Answers that the server holds back until they are let go. */
const held: (() => void)[] = [];
let answers: string[] = [];
let open: Awaited<ReturnType<typeof openInspector>>[] = [];

beforeAll(async () => {
  home = await runHome();
  await writeQuestionRun(home.directory, { ...smallRun, iterations: 1 }, { seed: 5 });
  agent = inspectedAgent(home.home, `${home.home}/cache`);
  browser = await launchChromium();
  files = await builtPanels();
  const ask = () =>
    agent.client.request(
      "runs/questions",
      { run: home.run, query: { filter: { kept: true }, limit: 50 } },
      { limitMs: 60_000 },
    );
  await vi.waitFor(async () => expect((await ask()).index.current).toBe(true), { timeout: 60_000, interval: 500 });
  row = (await ask()).rows.find(({ share }) => share !== null && share < 1) as QuestionRow;
  server = http.createServer(async (request, response) => {
    for await (const _ of request); // its body says nothing new
    await new Promise<void>((resolve) => held.push(resolve));
    const message = { role: "assistant", content: answers.shift() ?? "nothing" };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: "stop" }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}, 300_000);

afterEach(async () => {
  for (const letGo of held.splice(0)) letGo();
  const incidents = open.flatMap((one) => one.incidents);
  await Promise.all(open.map((one) => one.close()));
  open = [];
  expect(incidents).toEqual([]);
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await browser?.close();
  await agent?.close();
  await home?.remove();
});

type More = Partial<Parameters<typeof openInspector>[3]>;

/** The page at a question, with the server chosen, once the question can be asked. */
async function asking(reask: Partial<ReaskState> = {}, more: More = {}): ReturnType<typeof openInspector> {
  const made = await opening(reask, more);
  await made.frame.locator(reask.isOpen === false ? ".reask" : ".reask-earlier h3").waitFor();
  return made;
}

async function opening(reask: Partial<ReaskState>, more: More): ReturnType<typeof openInspector> {
  const state = stateOf({ host: HOST, run: home.run });
  const wish = { who: "endpoint", endpoint: { url, model: "test-model" }, m: 3, temperature: null };
  const made = await openInspector(browser, files, agent.client, {
    run: home.run,
    state: {
      ...state,
      detail: { pane: 0, kind: "question", id: row.id },
      reask: { ...state.reask, isOpen: true, wish, ...reask },
    },
    ...more,
  });
  open.push(made);
  return made;
}

/** More often than the page looks for an answer in an index that has everything. */
const LOOKS_BEHIND = 9;

const progressOf = (more: Partial<ReaskProgress>): ReaskProgress => ({
  host: HOST,
  run: home.run,
  id: row.id,
  command: "c",
  wish: { who: "solver", endpoint: null, m: 3, temperature: null },
  status: "asking",
  answers: [],
  message: null,
  result: null,
  ...more,
});

const status = (page: Page) => page.locator(".reask-content > .note[role=status]");
const arrived = (n: number) => vi.waitFor(() => expect(held.length).toBeGreaterThanOrEqual(n), { timeout: 20_000 });

describe("a question that is asked again", () => {
  it("by keyboard: its answers come one by one, then the vote, beside the run's own; the journal has it", async () => {
    const { page, kept } = await asking({ isOpen: false });
    await page.locator(".grid").focus();
    await page.keyboard.press("r");
    await expect.poll(() => page.evaluate("document.activeElement.localName")).toBe("select");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("3");
    const label = row.label as string;
    answers = [`\\boxed{${label}}`, "no answer in this", `\\boxed{${label}}`];
    await page.keyboard.press("Enter");
    await page.getByText("Waiting for the first answer").waitFor();
    for (let n = 1; n <= 3; n++) {
      await arrived(1);
      held.shift()?.();
      if (n < 3) {
        await expect.poll(() => page.locator(".reask-now .answer").count()).toBe(n);
        expect(await status(page).textContent()).toBe(`${n} of 3 answers`);
      }
    }
    await expect.poll(() => page.locator(".aside").count()).toBe(1);
    await expect.poll(() => page.locator(".reask-now .answer").count()).toBe(0); // they stand in the list now
    expect(await page.locator(".aside-who").textContent()).toBe("test-model on another server");
    const said = await page.locator(".aside .aside-verdict").textContent();
    expect(said).toMatch(/^2 of [23] \(/);
    expect(said).toContain(label);
    const cells = page.locator(".comparison tbody tr").first().locator("td");
    expect(await cells.first().textContent()).toContain(`${row.votes}/`);
    expect(await cells.last().textContent()).toContain("2/3");
    await expect.poll(() => page.evaluate("document.activeElement.localName")).toBe("select"); // not lost with the button
    expect(kept()?.reask.isOpen).toBe(true);
    const asides: unknown[] = [];
    for await (const { record } of readJournal(home.directory))
      if (record.type === "aside") asides.push([record["task"], record["model"], record["by"]]);
    expect(asides).toEqual([[row.task, "test-model", "vscode"]]);
  });

  it("goes on while its page is hidden, and is there when the page comes back", async () => {
    const { page } = await asking();
    const before = await page.locator(".aside").count();
    answers = ["\\boxed{1}", "\\boxed{2}", "\\boxed{3}"];
    await page.getByText("Ask", { exact: true }).click();
    await arrived(1);
    held.shift()?.();
    await expect.poll(() => page.locator(".reask-now .answer").count()).toBe(1);
    await page.reload();
    await expect.poll(() => page.locator(".reask-now .answer").count()).toBe(1);
    const letGo = async () => {
      held.shift()?.(); // the next question may come after this answer only
      return page.locator(".aside").count();
    };
    await expect.poll(letGo).toBe(before + 1);
  });

  it("takes the keyboard from nobody when it ends; who comes back to the page can ask again at once", async () => {
    const { page, frame } = await asking({}, { framed: true });
    const before = await frame.locator(".aside").count();
    const focused = () => frame.evaluate("document.activeElement?.textContent");
    answers = ["\\boxed{1}", "\\boxed{2}", "\\boxed{3}"];
    await frame.getByText("Ask", { exact: true }).click();
    await arrived(1);
    await expect.poll(focused).toBe("Cancel");
    await page.locator(OUTSIDE).focus();
    while ((await frame.locator(".aside").count()) === before) {
      held.shift()?.();
      await page.waitForTimeout(50);
    }
    await page.keyboard.type("typed");
    expect(await page.locator(OUTSIDE).inputValue()).toBe("typed");
    expect(await frame.evaluate("document.hasFocus()")).toBe(false);
    await frame.evaluate("window.focus()");
    await expect.poll(() => frame.evaluate("document.activeElement?.localName")).toBe("select");
  });

  it("takes the keyboard from nobody when it comes late and somebody wanted to ask it", async () => {
    const come = Promise.withResolvers<void>();
    const question = async ({ run, id }: { run: string; id: string }) => {
      await come.promise;
      return agent.client.request("runs/question", { run, id });
    };
    const { page, frame, kept } = await opening({ isWanted: true }, { framed: true, more: { question } });
    await frame.locator(".grid-body .row:not(.pending)").first().waitFor();
    await page.locator(OUTSIDE).focus();
    come.resolve();
    await expect.poll(() => kept()?.reask.isWanted).toBe(false); // they were put there
    await page.keyboard.type("typed");
    expect(await page.locator(OUTSIDE).inputValue()).toBe("typed");
    await frame.evaluate("window.focus()");
    await expect.poll(() => frame.evaluate("document.activeElement?.localName")).toBe("select");
  });

  it("is given up at any time, and says so; nothing is recorded", async () => {
    const { page } = await asking();
    const before = await page.locator(".aside").count();
    await page.getByText("Ask", { exact: true }).click();
    await arrived(1);
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Cancel");
    await page.keyboard.press("Escape");
    await expect.poll(() => status(page).textContent()).toBe("Given up: nothing was recorded.");
    await page.reload();
    await expect.poll(() => page.locator(".aside").count()).toBe(before);
  });

  it("is given up also before it has begun, and nothing else is in its place", async () => {
    const begun = Promise.withResolvers<void>();
    const cancelled: string[] = [];
    const { page, end } = await asking(
      {},
      {
        more: {
          reask: async () => {
            await begun.promise;
            return { command: "now" };
          },
          reaskCancel: async ({ command }) => {
            cancelled.push(command);
            return null;
          },
        },
      },
    );
    end.send("reask", progressOf({ command: "before", status: "cancelled" }));
    await page.getByText("Given up: nothing was recorded.").waitFor();
    await page.getByText("Ask", { exact: true }).click();
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Cancel");
    await page.keyboard.press("Escape");
    await page.waitForTimeout(200);
    expect(cancelled).toEqual([]);
    begun.resolve();
    await expect.poll(() => cancelled).toEqual(["now"]);
  });

  it("that ends while its page is coming back is shown ended, and can be asked again", async () => {
    const listed = Promise.withResolvers<void>();
    let asked = 0;
    const { page, end } = await opening(
      { last: { command: "c", id: row.id } },
      {
        more: {
          reaskProgress: async () => progressOf({ command: "c", status: "asking" }),
          asides: async ({ host: _, ...query }) => {
            asked += 1;
            await listed.promise;
            return agent.client.request("runs/asides", query);
          },
        },
      },
    );
    await expect.poll(() => asked).toBeGreaterThan(0);
    end.send("reask", progressOf({ command: "c", status: "failed", message: "The engine ended." }));
    await page.getByText("The engine ended.").waitFor();
    listed.resolve();
    await page.locator(".reask-earlier h3").waitFor();
    expect(await status(page).textContent()).toBe("The engine ended.");
    expect(await page.locator(".reask-form select").isEnabled()).toBe(true);
  });

  it("joins those of before also where the run's index takes long to come to it", async () => {
    let known: Set<string> | null = null;
    let looks = 0;
    const { page } = await asking(
      {},
      {
        more: {
          asides: async ({ host: _, ...query }) => {
            const page = await agent.client.request("runs/asides", query);
            known ??= new Set(page.asides.map(({ command }) => command));
            const isNew = page.asides.some(({ command }) => known?.has(command) === false);
            if (!isNew || ++looks > LOOKS_BEHIND) return page;
            const asides = page.asides.filter(({ command }) => known?.has(command));
            return { ...page, asides, index: { ...page.index, current: false, behind: 100 } };
          },
        },
      },
    );
    const before = await page.locator(".aside").count();
    answers = ["\\boxed{1}", "\\boxed{2}", "\\boxed{3}"];
    await page.getByText("Ask", { exact: true }).click();
    const letGo = async () => {
      held.shift()?.();
      return page.locator(".aside").count();
    };
    await expect.poll(letGo, { timeout: 40_000 }).toBe(before + 1);
    expect(looks).toBeGreaterThan(LOOKS_BEHIND);
  });

  it("that went with its window says so after a reload", async () => {
    const { page } = await asking({ last: { command: "of-an-earlier-window", id: row.id } });
    await page.getByText("The window ended while this was being asked").waitFor();
  });

  it("says what is wrong: weights that are gone, numbers that cannot be asked, a server that is not there", async () => {
    const { page } = await asking({
      wish: { who: "0".repeat(24), endpoint: null, m: 3, temperature: null },
    });
    const who = page.locator(".reask-form select");
    expect(await who.inputValue()).toBe("solver"); // what was chosen is gone
    await page.locator(".reask-form input").first().fill("99");
    await page.getByText("1 to 32 answers can be asked for.").waitFor();
    await page.getByText("Ask", { exact: true }).click();
    expect(await page.locator(".reask-form input").first().getAttribute("aria-invalid")).toBe("true");
    await page.locator(".reask-form input").first().fill("2");
    await page.locator(".reask-form input").last().fill("11");
    await page.getByText("A temperature is a number from 0 to 10.").waitFor();
  });

  it("a run whose engine is gone is refused with what is missing", async () => {
    const { page } = await asking({ wish: { who: "base", endpoint: null, m: 1, temperature: null } });
    await page.getByText("Ask", { exact: true }).click();
    await expect.poll(() => status(page).getAttribute("class"), { timeout: 30_000 }).toContain("bad");
    expect(await status(page).textContent()).toMatch(/the run's identity/);
    await expect.poll(() => readdir(home.directory)).not.toContain("LOCK"); // the run is nobody's again
  });

  it("a server that nobody chose yet is asked of the person first", async () => {
    let picked = 0;
    const { page, kept } = await asking(
      { wish: { who: "solver", endpoint: null, m: 2, temperature: null } },
      {
        more: {
          pickEndpoint: async () => {
            picked += 1;
            return picked === 1 ? null : { url, model: "another" };
          },
        },
      },
    );
    const who = page.locator(".reask-form select");
    await who.selectOption("endpoint");
    await expect.poll(() => who.inputValue()).toBe("solver"); // they thought better of it
    await who.selectOption("endpoint");
    await page.getByText("another at http").waitFor();
    await expect
      .poll(() => kept()?.reask.wish)
      .toMatchObject({ who: "endpoint", endpoint: { model: "another" }, m: 2 });
  });
});

it("a filter whose values come late takes the keyboard from nobody", async () => {
  const come = Promise.withResolvers<void>();
  const more: More["more"] = {
    facets: async ({ run, filter, facets }, signal) => {
      await come.promise;
      return agent.client.request("runs/facets", { run, filter, facets }, { signal });
    },
  };
  const { page, frame } = await asking({}, { framed: true, more });
  await frame.getByRole("button", { name: "Stage", exact: true }).first().click();
  await page.locator(OUTSIDE).focus();
  come.resolve();
  await frame.locator(".menu vscode-checkbox").first().waitFor();
  await page.keyboard.type("typed");
  expect(await page.locator(OUTSIDE).inputValue()).toBe("typed");
  await frame.evaluate("window.focus()");
  await expect.poll(() => frame.evaluate("document.activeElement?.localName")).toBe("vscode-checkbox");
});

describe("a reviewer", () => {
  it("approves, rejects and takes back by keyboard, and corrects from the menu", async () => {
    const { page, asked, end } = await asking({ isOpen: false });
    await page.locator(".grid").focus();
    for (const key of ["Control+Enter", "Control+Backspace", "Control+Shift+Z"]) await page.keyboard.press(key);
    await page.getByRole("button", { name: "Review", exact: true }).last().click();
    await page.getByText("Correct Label…").click();
    await expect
      .poll(() => asked.decided)
      .toEqual([`approve ${row.id}`, `reject ${row.id}`, `undo ${row.id}`, `label ${row.id}`]);
    const decision = {
      ...{ id: "d", task: row.task as string, verdict: "reject" as const, label: null, question: null },
      ...{ note: null, undoes: null, by: "ada", at: 1, seq: 1_000_000 },
    };
    end.send("decided", { host: HOST, run: home.run, decisions: [decision] });
    await expect.poll(() => page.locator(".question > .facts").textContent()).toContain("rejected; by ada");
  });

  it("gives one verdict to all that a filter lists", async () => {
    const { page, asked } = await asking({ isOpen: false });
    await page.getByRole("button", { name: "Review all that are listed" }).click();
    await page.getByText("Reject all that nobody decided on…").click();
    await expect.poll(() => asked.decided).toEqual(["reject all {}"]);
  });
});

describe("a report", () => {
  const menu = (page: Page) => page.getByRole("button", { name: "Export Report" });
  const listed = () => ({ host: HOST, run: home.run, filter: {}, sort: { by: "order", descending: false } });

  it("is asked for by keyboard: of what is listed, as it is listed, or of the question that is open", async () => {
    const { page, asked } = await asking({ isOpen: false });
    await menu(page).focus();
    const first = page.locator(".menu-item:focus", { hasText: "Report of what is listed…" });
    await page.keyboard.press("Enter");
    await first.waitFor();
    await page.keyboard.press("Enter");
    await expect.poll(() => asked.reports).toEqual([{ ...listed(), id: null }]);
    await page.keyboard.press("Enter");
    await first.waitFor();
    for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
    await expect.poll(() => asked.reports.at(-1)).toEqual({ ...listed(), id: row.id });
  });

  it("of no open question is not offered, and an error is told", async () => {
    const { page } = await asking(
      { isOpen: false },
      { more: { report: () => Promise.reject(new AgentError("gone", "There is no such run.")) } },
    );
    await page.locator(".grid").focus();
    await page.keyboard.press("Escape");
    await menu(page).click();
    expect(await page.getByRole("button", { name: "Report of the open question…" }).isDisabled()).toBe(true);
    await page.getByText("Report of what is listed…").click();
    await page.getByRole("status").getByText("There is no such run.").waitFor();
  });
});

describe.each(Object.keys(themes) as ThemeName[])("in the theme %s", (theme) => {
  it("axe finds nothing wrong with the form and what was answered", async () => {
    const { page } = await asking({}, { theme });
    await page
      .locator(".aside")
      .first()
      .evaluate((element) => element.setAttribute("open", ""));
    await page.locator(".comparison").first().waitFor();
    await page.evaluate(await axeSource());
    const found = await page.evaluate(
      "axe.run('.detail', { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')))",
    );
    expect(found).toEqual([]);
  }, 180_000);
});
