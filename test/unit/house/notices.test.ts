import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

test.runIf(process.env.RZERO_PYTHON)(
  "THIRD_PARTY_NOTICES lists what the bundles contain today (else: npm run notices)",
  async () => {
    const args = [join(root, "scripts/notices.mjs"), "--print"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24, timeout: 60_000 });
    expect(await readFile(join(root, "THIRD_PARTY_NOTICES"), "utf8")).toBe(stdout);
  },
  70_000,
);
