import type { FrameLocator, Locator, Page } from "playwright-core";

const SLOW_MS = 60_000; // a busy machine with two cores

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

  /** Runs a command by its title in the palette: by keyboard, tried again while it is not there yet. */
  async command(title: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    const row = this.quickPickRow(title);
    for (let tries = 0; ; tries++) {
      await this.page.keyboard.press("F1");
      try {
        await input.waitFor({ state: "visible", timeout: 3_000 });
        await input.fill(`>${title}`);
        await row.first().waitFor({ timeout: 5_000 });
        break;
      } catch (error) {
        if (tries >= 5) throw error;
        await this.page.keyboard.press("Escape");
      }
    }
    await this.page.keyboard.press("Enter");
  }

  /** Chooses from an open quick pick by typing. */
  async pick(label: string): Promise<void> {
    await this.quickPickRow(label).first().waitFor({ timeout: SLOW_MS });
    await this.page.keyboard.type(label);
    await this.quickPickRow(label).first().waitFor();
    await this.page.keyboard.press("Enter");
  }

  quickPickRow(label: string): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: label });
  }

  /** Text of an open input box, and Enter. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor({ state: "visible", timeout: SLOW_MS });
    await input.fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** A line of the run explorer. */
  line(name: string | RegExp): Locator {
    return this.page.getByRole("treeitem", { name });
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

  /** What stands in the terminal, line by line. It is drawn on a canvas: VS Code copies it out. */
  async terminalText(): Promise<string> {
    await this.command("Terminal: Focus Terminal");
    await this.command("Terminal: Select All");
    await this.command("Terminal: Copy Selection");
    await this.command("Terminal: Clear Selection");
    return String(await this.page.evaluate("navigator.clipboard.readText()"));
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

  async theme(name: string): Promise<void> {
    await this.command("Preferences: Color Theme");
    await this.pick(name);
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  async reload(): Promise<void> {
    await this.page.reload({ timeout: SLOW_MS });
    await this.ready();
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
