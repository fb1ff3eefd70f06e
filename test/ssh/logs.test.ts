import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatLine } from "../../remote-agent/src/run/logs/line.ts";
import { HostLink } from "../../src/link/hostLink.ts";
import { sshdMissing } from "../support/sshd.ts";
import { type SshHost, startSshHost } from "../support/sshHost.ts";

const missing = sshdMissing();
const LINES = 20_000;
const CUTS = Number(process.env["RZERO_CUTS"] ?? 4);
let host: SshHost;

beforeAll(async () => {
  expect(missing).toBeNull();
  host = await startSshHost();
  const logs = path.join(host.runDir, "logs");
  await mkdir(logs, { recursive: true });
  // Two programs write in turns; the older half of one log has been rotated.
  for (let n = 0; n < LINES; n += 1000) {
    const block = (odd: number, source: string) =>
      Array.from({ length: 500 }, (_, i) => n + 2 * i + odd)
        .map((at) => formatLine(1_764_000_000_000 + at, "info", source, `line ${at} ${"x".repeat(80)}`))
        .join("");
    await appendFile(path.join(logs, n < LINES / 2 ? "agent.log.1" : "agent.log"), block(0, "agent"));
    await appendFile(path.join(logs, "engine.log"), block(1, "engine"));
  }
});

afterAll(() => host?.stop());

describe.skipIf(missing !== null)(`logs over SSH${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it(`go on through ${CUTS} cuts: no line is lost, none comes twice`, async () => {
    const states: string[] = [];
    const link = new HostLink({
      attach: host.attach,
      now: Date.now,
      random: () => 0,
      onState: ({ kind }) => states.at(-1) !== kind && states.push(kind),
    });
    const seen: number[] = [];
    let cuts = 0;
    let sinceCut = 0;
    await new Promise<void>((resolve, reject) => {
      link.followLogs({
        run: "a-run",
        sources: undefined,
        last: undefined,
        follow: true,
        onLines: (lines, lost) => {
          expect(lost).toBe(false);
          seen.push(...lines.map(({ text }) => Number(/^line (\d+) /.exec(text)?.[1])));
          sinceCut += lines.length;
          const noticed = states.filter((kind) => kind === "waiting").length;
          if (cuts < CUTS && noticed === cuts && sinceCut > 700 + 600 * cuts) {
            cuts += 1;
            sinceCut = 0;
            host.cut();
          }
        },
        onEnded: () => resolve(),
        onFailed: reject,
      });
      link.connect();
    });
    await link.close();
    expect(seen).toEqual(Array.from({ length: LINES }, (_, n) => n));
    expect(cuts).toBe(CUTS);
    expect(states.filter((kind) => kind === "waiting")).toHaveLength(CUTS);
  }, 300_000);
});
