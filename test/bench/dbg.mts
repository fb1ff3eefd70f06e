import { newDesk } from "../e2e/support/desk.ts";
import { makeShared } from "../e2e/support/shared.ts";
import { benchHome } from "./inspector/benchRun.ts";
import { watchOpening } from "./inspector/inPage.ts";
const { shared, close } = await makeShared();
console.log("shared", shared.missing, performance.now());
const home = await benchHome("usual", console.log);
const desk = await newDesk(shared, { settings: { "rzero.hosts": { local: { root: home.root } } } });
try {
  const code = await desk.open({ width: 1600, height: 1000 });
  await code.page.addInitScript(watchOpening);
  await code.showRuns();
  await code.command("R-Zero: Add Host");
  await code.pick("This machine");
  await code.page.locator(".codicon-vm-active").waitFor({ timeout: 120_000 });
  console.log("connected", performance.now());
  await code.command("R-Zero: Inspect Questions");
  await code.pick(home.name);
  await code.panel().locator(".grid-body .row:not(.pending)").first().waitFor();
  await code.page.waitForTimeout(1000);
  for (const f of code.page.frames()) {
    console.log(f.url().slice(0, 200), JSON.stringify(await f.evaluate(() => [location.pathname, (globalThis as any).rzeroOpening ?? null, performance.timeOrigin, performance.now(), (globalThis as any).rzeroLoaded ?? null])));
  }
} finally { await desk.remove(); await close(); }
