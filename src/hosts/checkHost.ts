import { say } from "../ssh/sentence.ts";
import { type Transport, TransportError } from "../ssh/transport.ts";
import { findingsOf } from "./findings.ts";
import { factsOf } from "./hostFacts.ts";
import { hostReport } from "./hostReport.ts";
import { type HostSettings, preamble } from "./hostSettings.ts";
import { probeScript } from "./probeScript.ts";

const PROBE_MS = 120_000;

/** Looks at a host and tells what it has and lacks. @throws TransportError, ProbeIncomplete */
export async function checkHost(
  connect: () => Promise<Transport>,
  settings: HostSettings,
  clock: { now(): Date; elapsed(): number },
  signal: AbortSignal,
): Promise<string> {
  const started = clock.elapsed();
  const transport = await connect();
  try {
    await transport.exec("true", { timeoutMs: 30_000, signal });
    const ms = Math.round(clock.elapsed() - started);
    const script = preamble(settings) + probeScript(settings.root);
    const { stdout, stderr, code } = await transport.exec(script, { timeoutMs: PROBE_MS, signal });
    const failed = /rzero\.hosts: this set-up line failed: .*/.exec(stderr)?.[0];
    if (code !== 0 && failed !== undefined)
      throw new TransportError("failed", say`${transport.host}: ${failed}`, stderr);
    return hostReport({ host: transport.host, via: transport.via, ms }, findingsOf(factsOf(stdout)), clock.now());
  } finally {
    await transport.close();
  }
}
