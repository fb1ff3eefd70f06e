// A link that is cut at random instants while its run goes on: what the client has seen in the end is the run, each record once.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { followThroughCuts } from "../support/link/cuts.ts";
import { type LinkLab, openLinkLab } from "../support/link/lab.ts";
import { liveRun } from "../support/link/liveRun.ts";
import { sshdMissing } from "../support/sshd.ts";

const missing = sshdMissing();
const CUTS = Number(process.env["RZERO_CUTS"] ?? 6);
let lab: LinkLab;

beforeAll(async () => {
  expect(missing).toBeNull();
  lab = await openLinkLab(process.env["RZERO_PYTHON"] ?? "python3");
}, 300_000);

afterAll(() => lab?.close());

describe.skipIf(missing !== null)(`a link under cuts${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it(
    `shows a live run through ${CUTS} cuts: no record is lost, none comes twice`,
    async () => {
      const run = await liveRun(lab.root);
      const { cuts, lost, repeated, connections, failures } = await followThroughCuts(lab, run, CUTS, Math.random);
      expect({ cuts, lost, repeated }).toEqual({ cuts: CUTS, lost: 0, repeated: 0 });
      expect(connections).toBeGreaterThan(CUTS / 4);
      // Each in a sentence that says which host.
      expect(failures.filter((sentence) => !/far/.test(sentence))).toEqual([]);
    },
    120_000 + 10_000 * CUTS,
  );
});
