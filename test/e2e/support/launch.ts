import type { Workbench } from "./workbench.ts";

/** Adds a host and has a preset of it as a run.yaml that can be started there, all from the palette. */
export async function openPreset(
  code: Workbench,
  { host, preset, limitMs }: { host: string; preset: string; limitMs: number },
): Promise<void> {
  await code.command("R-Zero: Add Host");
  await code.pick(host);
  await code.page.locator(".codicon-vm-active").waitFor({ timeout: limitMs });
  await code.command("R-Zero: Launch Run");
  await code.pick(host);
  await code.quickPickRow("smollm2").first().waitFor({ timeout: limitMs }); // the presets are the host's
  await code.pick(preset);
  await code.page.getByText(`Start on ${host}`).waitFor();
}
