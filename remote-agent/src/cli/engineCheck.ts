import { connectEngine } from "../engine/client.ts";
import { type CheckResult, checkConformance } from "../engine/conformance.ts";
import { type Verdict, verdicts } from "../engine/conformanceVerdict.ts";
import { createHttpFetch } from "../engine/httpFetch.ts";
import { interruptible, note, print, printJson, type World } from "./world.ts";

const CALL_LIMIT_MS = 120_000;

/**
 * `rzero engine check URL`: uses a server as a run would, with its token in RZERO_ENGINE_TOKEN, and says what can be run on
 * it. Exit code 1 when r-zero cannot be run on it in any way.
 */
export async function engineCheckCommand(world: World, url: string, options: { json?: boolean }): Promise<number> {
  const { signal, done } = interruptible(world);
  const fetch = createHttpFetch();
  let calls = 0;
  try {
    const engine = await connectEngine({
      url,
      token: world.env["RZERO_ENGINE_TOKEN"] ?? "",
      timeouts: { totalMs: CALL_LIMIT_MS },
      onHeartbeatFailure: () => undefined, // the calls that matter fail by themselves
      fetch: (input, init) => {
        if (!String(input).endsWith("/retrieve_future")) calls += 1;
        return fetch(input, init);
      },
    });
    try {
      if (!options.json) note(world, `Trying ${url}; this trains and samples a little.`);
      const checks = await checkConformance(engine, signal);
      const possible = verdicts(checks);
      const { capabilities } = engine;
      if (options.json) printJson(world, { url, calls, capabilities, checks, verdicts: possible });
      else for (const line of report(checks, possible, calls)) print(world, line);
      return possible.some(({ what, possible: can }) => what.startsWith("recipe") && can) ? 0 : 1;
    } finally {
      await engine.close();
    }
  } finally {
    done();
  }
}

function report(checks: CheckResult[], possible: Verdict[], calls: number): string[] {
  const wide = Math.max(...checks.map(({ name }) => name.length));
  return [
    ...checks.map(({ name, ok, detail }) => `${ok ? "✓" : "✗"} ${name.padEnd(wide)}  ${detail}`),
    "",
    ...possible.map(({ what, possible: can, missing }) =>
      can ? `✓ ${what}` : `✗ ${what}: needs ${missing.join(", ")}`,
    ),
    "",
    `${calls} calls.`,
  ];
}
