import { shown } from "./evidence.ts";
import type { Workbench } from "./workbench.ts";

/** The pictures of the README, of a run that has ended on a host: `RZERO_E2E_SHOW=docs/images npm run e2e -- test/e2e/node`. */
export async function readmePictures(code: Workbench, { host, run }: { host: string; run: RegExp }): Promise<void> {
  if (process.env["RZERO_E2E_SHOW"] === undefined) return;
  const { page } = code;
  const settle = () => page.waitForTimeout(2_500);
  await page.setViewportSize({ width: 1920, height: 1080 });
  await code.goTo(run);
  await page.keyboard.press("ArrowRight");
  for (let wider = 0; wider < 3; wider++) await code.command("Increase Current View Size");
  await page.mouse.move(1000, 4); // away from lines that show their buttons
  for (const [theme, picture] of [
    ["Dark Modern", "run-dark"],
    ["Light Modern", "run-light"],
    ["Light High Contrast", "run-high-contrast-light"],
    ["Dark High Contrast", "run-high-contrast"],
  ] as const) {
    await code.theme(theme);
    await settle();
    await shown(code, picture);
  }
  await code.theme("Light Modern");
  await code.command("View: Toggle Panel Visibility");
  await page.setViewportSize({ width: 1440, height: 900 });
  await settle();
  await shown(code, "charts");
  await code.goTo(/^Iteration 3/);
  await page.keyboard.press("ArrowRight");
  await code.fromMenu(/^curriculum/, "Inspect Questions", /^Iteration 3/);
  const question = code.panel().locator(".grid-body .row").nth(4);
  await question.waitFor();
  await question.click();
  await page.keyboard.press("Enter");
  await code.panel().locator(".lineage .step").first().waitFor({ timeout: 120_000 }); // the index may have to catch up
  await code.panel().locator(".status-text", { hasNotText: "catching up" }).waitFor({ timeout: 120_000 });
  await settle();
  await shown(code, "questions");
  await code.command("R-Zero: Launch Run");
  await code.pick(host);
  await code.quickPickRow("smollm2").first().waitFor();
  await settle();
  await shown(code, "launch");
  await page.keyboard.press("Escape");
  await code.command("View: Toggle Panel Visibility");
  await page.setViewportSize({ width: 1280, height: 800 });
}
