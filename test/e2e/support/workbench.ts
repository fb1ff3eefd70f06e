import type { Frame, FrameLocator, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { z } from "zod";
import { axeSource } from "../../support/panelPage.ts";
import { pointerEventsOf } from "./pointer.ts";
import { focusedStop, type TabStop } from "./tabStops.ts";

/** The rules of the Web Content Accessibility Guidelines 2.2, levels A and AA. */
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const violations = z.object({
  violations: z.array(
    z.object({ id: z.string(), help: z.string(), nodes: z.array(z.object({ target: z.array(z.unknown()) })) }),
  ),
});

const SLOW_MS = 60_000; // a busy machine with two cores
/** For an agent that is brought to a host and asked for its runs. */
const LISTED_MS = 120_000;
/** For what an open quick pick does with keys. */
const TYPED_MS = 10_000;

/** VS Code stores what is open every five seconds, where it comes to it. */
const STORED_MS = 20_000;

/** For what a quick pick that is open says of itself. */
const OPEN_MS = 5_000;

/** A field that still has what was typed after so long keeps it. */
const SETTLED_MS = 300;

/** A window of VS Code, as a person uses it. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(SLOW_MS);
  }

  /** Waits until the window takes input and the extension's view is there. */
  async ready(): Promise<void> {
    await this.page.locator(".monaco-workbench .part.activitybar").waitFor({ timeout: SLOW_MS });
    await this.page.getByRole("tab", { name: "R-Zero" }).first().waitFor({ timeout: SLOW_MS });
  }

  /**
   * Runs a command by its title in the palette: by keyboard, tried again while it is not there yet, and where something that opened took
   * the keyboard from the palette.
   */
  async command(title: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    const row = this.page.locator(`.quick-input-list .monaco-list-row[aria-label^="${title}"]`);
    for (let tries = 0; ; tries++) {
      await this.page.keyboard.press("F1");
      try {
        await input.waitFor({ state: "visible", timeout: 3_000 });
        await input.fill(`>${title}`);
        await row.first().waitFor({ timeout: OPEN_MS });
        const isChosen = async () =>
          (await row.first().getAttribute("class", { timeout: OPEN_MS }))?.split(" ").includes("focused") === true;
        // Another command may be the better match of the same words.
        for (let down = 0; down < 10 && !(await isChosen()); down++) await this.page.keyboard.press("ArrowDown");
        if (!(await isChosen())) throw new Error(`The palette does not come to “${title}”.`);
        if (!(await hasKeyboard(input))) throw new Error(`Something took the keyboard from the palette at “${title}”.`);
        await input.press("Enter", { timeout: OPEN_MS });
        return;
      } catch (error) {
        if (tries >= 5) throw error;
        await this.page.keyboard.press("Escape");
      }
    }
  }

  /**
   * Chooses from an open quick pick by typing; keys that come before it listens are lost, so it is watched.
   * @throws Error where it closed before anything was chosen, which is a fault: something took the keyboard from it
   */
  async pick(label: string): Promise<void> {
    const row = this.quickPickRow(label).first();
    const input = this.page.locator(".quick-input-widget input");
    await row.waitFor({ timeout: SLOW_MS });
    const assertOpen = async () => {
      if (!(await input.isVisible()))
        throw new Error(`The quick pick with “${label}” closed by itself before anything was chosen.`);
    };
    try {
      await input.fill(label, { timeout: TYPED_MS });
      await row.waitFor({ timeout: TYPED_MS });
    } catch (error) {
      await assertOpen();
      throw error;
    }
    let isChosen = false;
    for (let tries = 0; tries < 6; tries++) {
      // Where it has been taken meanwhile, the key would go to what has the keyboard now.
      if (await hasKeyboard(input)) {
        await input.press("Enter", { timeout: TYPED_MS });
        isChosen = true;
      } else if (!isChosen) await assertOpen();
      const isGone = await row.waitFor({ state: "hidden", timeout: TYPED_MS }).then(
        () => true,
        () => false,
      );
      if (isGone && isChosen) return;
    }
    throw new Error(`Nothing could be chosen from the quick pick with “${label}”.`);
  }

  /** A row by what it is called: its text may hold, unseen, some of what stood in its place in the list before. */
  quickPickRow(label: string): Locator {
    return this.page.locator(`.quick-input-list .monaco-list-row[aria-label*=${JSON.stringify(label)} i]`);
  }

  /** Text of an open input box, and Enter. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor({ state: "visible", timeout: SLOW_MS });
    for (let tries = 0; tries < 20 && (await input.inputValue()) !== text; tries++) {
      await input.fill(text);
      await this.page.waitForTimeout(SETTLED_MS);
    }
    await this.page.keyboard.press("Enter");
  }

  /** Names a file in an open dialog for files, and takes it. */
  async answerFile(file: string): Promise<void> {
    const dialog = this.page.locator(".quick-input-widget");
    await dialog.getByRole("button", { name: "OK" }).waitFor();
    // It writes its own proposal when its folder has been read, over what was typed before.
    await expect.poll(() => dialog.locator("input").inputValue(), { timeout: SLOW_MS }).not.toBe("");
    await this.answer(file);
  }

  /** Presses a button of the dialog that asks. @returns what the dialog said */
  async confirm(button: string): Promise<string> {
    const dialog = this.page.locator(".monaco-dialog-box");
    await dialog.waitFor();
    const said = await dialog.innerText();
    await dialog.getByRole("button", { name: button, exact: true }).click();
    return said;
  }

  /** A line of the run explorer. */
  line(name: string | RegExp): Locator {
    return this.page.getByRole("treeitem", { name });
  }

  /**
   * Presses a button on a line of the explorer; it is there while the line is pointed at. Of a run at work it is made anew several times
   * a second, and where that falls between the mouse's down and up there is no click: so it gets one whole.
   */
  async press(name: string | RegExp, button: string): Promise<void> {
    const line = this.line(name).first();
    await line.hover();
    await line.getByRole("button", { name: button }).dispatchEvent("click");
  }

  /** Waits until a host is connected and its runs, of which there must be one, stand in the explorer. */
  async listed(): Promise<void> {
    await this.page.locator(".codicon-vm-active").first().waitFor({ timeout: LISTED_MS });
    await this.page.locator('.sidebar [role="treeitem"][aria-level="2"]').first().waitFor({ timeout: LISTED_MS });
  }

  /** The extension's view, brought to the front by its command. */
  async showRuns(): Promise<void> {
    await this.command("R-Zero: Focus on Runs View");
    await this.page.locator(".sidebar .title-label", { hasText: "R-Zero" }).waitFor();
  }

  /** The document of the visible panel. */
  panel(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready:visible").frameLocator("iframe#active-frame");
  }

  /** A message of VS Code; those without a button vanish by themselves. */
  notification(text: string | RegExp): Locator {
    return this.page.locator(".notification-list-item, .notification-toast").filter({ hasText: text });
  }

  /**
   * What stands in the visible part of the terminal. A long line is broken there: spaces and breaks say nothing, so they go. So do
   * the terminal's own remarks, which begin with a space.
   */
  async terminalText(): Promise<string> {
    const rows = await this.page.locator(".terminal-wrapper.active .xterm-rows > div").allInnerTexts();
    return rows
      .filter((row) => !/^\s+\S/.test(row))
      .join("")
      .replace(/\s/g, "");
  }

  /** Everything that the terminal in front holds, its lines whole. */
  async wholeTerminal(): Promise<string> {
    await this.command("Terminal: Select All");
    await this.command("Terminal: Copy Selection");
    const text = await this.page.evaluate("navigator.clipboard.readText()");
    await this.command("Terminal: Clear Selection");
    return z.string().parse(text);
  }

  /** The line of the explorer that has the keyboard. */
  focusedLine(): Locator {
    return this.page.locator(".pane-body .monaco-list.element-focused .monaco-list-row.focused");
  }

  /** Goes to a line of the explorer with the keyboard alone: the first one that fits behind the one that fits `below`. */
  async goTo(name: RegExp, below?: RegExp): Promise<void> {
    await this.command("R-Zero: Focus on Runs View");
    for (let tries = 0; (await this.focusedLine().count()) === 0 && tries < 50; tries++) {
      await this.page.keyboard.press("Home"); // no line has the keyboard until an arrow is pressed
      await this.page.waitForTimeout(100);
    }
    await this.page.keyboard.press("Home");
    let passed = below === undefined;
    for (let lines = 0; lines < 200; lines++) {
      const label = (await this.focusedLine().getAttribute("aria-label")) ?? "";
      if (passed && name.test(label)) return;
      if (below?.test(label)) passed = true;
      await this.page.keyboard.press("ArrowDown");
      await this.page.waitForTimeout(30);
    }
    throw new Error(`No line of the explorer is called ${name}.`);
  }

  /** Takes a line's action from its menu, with the keyboard alone. */
  async fromMenu(name: RegExp, action: string, below?: RegExp): Promise<void> {
    await this.goTo(name, below);
    await this.page.keyboard.press("Shift+F10");
    const items = this.page.locator(".monaco-menu .action-item");
    await items.first().waitFor();
    const focused = this.page.locator(".monaco-menu .action-item.focused");
    for (let steps = 0; steps < 40; steps++) {
      if ((await focused.count()) > 0 && (await focused.innerText()).trim() === action) {
        await this.page.keyboard.press("Enter");
        return items.first().waitFor({ state: "hidden" });
      }
      await this.page.keyboard.press("ArrowDown");
    }
    throw new Error(`The menu has no “${action}”: ${(await items.allInnerTexts()).join(", ")}`);
  }

  /** Answers the dialog that asks with the keyboard alone. @returns what it said */
  async confirmByKey(button: string): Promise<string> {
    const dialog = this.page.locator(".monaco-dialog-box");
    await dialog.waitFor();
    const said = await dialog.innerText();
    const focused = dialog.locator(":focus");
    for (let steps = 0; steps < 10; steps++) {
      if ((await focused.count()) > 0 && (await focused.innerText()).trim() === button) {
        await this.page.keyboard.press("Enter");
        await dialog.waitFor({ state: "hidden" });
        return said;
      }
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`The dialog has no “${button}”: ${said}`);
  }

  /** What Tab leads to in the visible panel, in its order, until it comes round or `most` are seen. */
  async panelTabStops(most: number): Promise<TabStop[]> {
    const frame = await this.panelFrame();
    await frame.evaluate(await axeSource());
    await this.command("View: Focus Active Editor Group");
    await expect.poll(() => frame.evaluate("document.hasFocus()"), { timeout: SLOW_MS }).toBe(true);
    const stops: TabStop[] = [];
    for (let i = 0; i < most; i++) {
      await this.page.keyboard.press("Tab");
      const now = await focusedStop(frame);
      if (now === null || (stops[0] !== undefined && now.html === stops[0].html)) break;
      stops.push(now);
    }
    return stops;
  }

  /** What a mouse, pen or finger did in this window. */
  pointerEvents(): Promise<string[]> {
    return pointerEventsOf(this.page);
  }

  /** How long an extension took to start, as the extension host measured it, in milliseconds. */
  async activationMs(extension: string): Promise<number> {
    await this.command("Developer: Show Running Extensions");
    const row = this.page.locator(".runtime-extensions-editor .extension").filter({ hasText: extension });
    const text = await row.locator(".activation-time").filter({ hasText: /\d/ }).first().innerText();
    const found = /([\d.]+)\s*ms/.exec(text);
    if (found === null) throw new Error(`“${text}” is no time.`);
    return Number(found[1]);
  }

  /** Whether anything is drawn on a canvas. */
  async inked(canvas: Locator): Promise<boolean> {
    const url = await canvas.first().evaluate((node) => (node as unknown as { toDataURL(): string }).toDataURL());
    return url.length > 4_000; // an empty one is a few hundred bytes
  }

  /** What axe-core finds wrong in the visible panel: rule, help and place, a line each. */
  async panelViolations(): Promise<string[]> {
    const frame = await this.panelFrame();
    await frame.evaluate(await axeSource());
    const found = violations.parse(
      await frame.evaluate(`axe.run({ resultTypes: ["violations"], runOnly: ${JSON.stringify(WCAG)} })`),
    );
    return found.violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target }) => `${id}: ${help} (${target.join(" ")})`),
    );
  }

  /** The visible panel's frame itself, to run something in it. */
  async panelFrame(): Promise<Frame> {
    const inner = this.page.frameLocator("iframe.webview.ready:visible").locator("iframe#active-frame");
    const frame = await (await inner.elementHandle())?.contentFrame();
    if (frame == null) throw new Error("There is no visible panel.");
    return frame;
  }

  async theme(name: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    for (let tries = 0; ; tries++) {
      await this.command("Preferences: Color Theme");
      try {
        await input.fill(name, { timeout: 10_000 }); // the list is long: not all of it is drawn
        break;
      } catch (error) {
        if (tries >= 3) throw error; // what takes the focus meanwhile closes the list
      }
    }
    await this.quickPickRow(name).first().waitFor();
    await this.page.keyboard.press("Enter");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  /** Waits until a reload finds what is open now: in a browser VS Code stores it every few seconds, and who reloads at once loses it, too. */
  async stored(): Promise<void> {
    await this.page.waitForTimeout(STORED_MS);
  }

  async reload(): Promise<void> {
    await this.page.reload({ timeout: SLOW_MS });
    await this.ready();
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}

/** Whether keys go to it. */
function hasKeyboard(input: Locator): Promise<boolean> {
  return input.evaluate((node) => node === node.ownerDocument.activeElement, undefined, { timeout: OPEN_MS });
}
