import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFailed } from "vitest";
import type { Workbench } from "./workbench.ts";

/** Where pictures of failed tests go; they stay after the run. */
const folder = process.env["RZERO_E2E_PICTURES"] ?? path.join(tmpdir(), "rzero-e2e-pictures");

/** When the test that calls this fails, a picture of the window is kept and its place printed. */
export function pictureOnFailure(window: () => Workbench | undefined): void {
  onTestFailed(async ({ task }) => {
    const file = path.join(folder, `${task.name.replace(/\W+/g, "-").slice(0, 60)}.png`);
    await mkdir(folder, { recursive: true });
    await window()?.page.screenshot({ path: file });
    process.stderr.write(`What the window showed: ${file}\n`);
  });
}

/** Keeps a picture of a moment of a test that succeeds, where `RZERO_E2E_SHOW` names a folder for them. */
export async function shown({ page }: Workbench, moment: string): Promise<void> {
  const folder = process.env["RZERO_E2E_SHOW"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${moment.replace(/\W+/g, "-")}.png`) });
}
