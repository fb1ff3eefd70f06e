import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runLogged } from "./exec.mjs";

const cpuIndex = "https://download.pytorch.org/whl/cpu";

/** Whether an NVIDIA driver is loaded. */
export const hasNvidiaGpu = () => existsSync("/proc/driver/nvidia/version") || existsSync("/dev/nvidiactl");

/**
 * Where there is no GPU, PyPI's torch for Linux still brings gigabytes of CUDA libraries. If that is what pip would
 * take, the CPU build of torch's own index is installed first; if that index does not answer, PyPI's build it is.
 *
 * @param {{python: string, requirement: string, scratch: string, env: NodeJS.ProcessEnv, say: (detail: string) => void}} context
 *   requirement: e.g. "torch==2.13.0"; scratch: a folder for pip's report
 */
export async function preferCpuTorch({ python, requirement, scratch, env, say }) {
  if (process.platform !== "linux" || hasNvidiaGpu()) return;
  const report = join(scratch, "torch-report.json");
  say(`which build of ${requirement} this machine would get`);
  const pip = [python, "-m", "pip", "install"];
  await runLogged([...pip, "--dry-run", "--ignore-installed", "--no-deps", "--report", report, requirement], {
    what: `pip found no ${requirement}`,
    remedy: "Check the network or pip's index (pip config list), then run the command again.",
    env,
  });
  if (!bringsCuda(JSON.parse(readFileSync(report, "utf8")))) return;
  say(`${requirement}, CPU build from ${cpuIndex}`);
  try {
    await runLogged([...pip, "--no-deps", "--retries", "1", "--timeout", "15", "--index-url", cpuIndex, requirement], {
      what: "torch's CPU index did not serve it",
      remedy: "",
      env,
    });
  } catch {
    // In the log. The step that follows installs the default build, which works as well.
    say("torch's CPU index does not answer: the default build with CUDA libraries, some gigabytes");
  }
}

/** @param {{install: {metadata: {requires_dist?: string[]}}[]}} report pip's installation report, version 1 */
export function bringsCuda(report) {
  const needs = report.install.flatMap((item) => item.metadata.requires_dist ?? []);
  return needs.some((need) => /^(nvidia|cuda)-/i.test(need) && !need.includes("extra =="));
}
