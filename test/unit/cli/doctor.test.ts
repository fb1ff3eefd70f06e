import { describe, expect, it } from "vitest";
import * as verdict from "../../../remote-agent/src/cli/doctorVerdicts.ts";
import { rzero, temporaryHome } from "./support.ts";

const GIB = 1024 ** 3;

describe("rzero doctor", () => {
  it("says what to do about everything that is not in order", () => {
    const bad = [
      verdict.node("20.19.0"),
      verdict.node("22.1.0"),
      verdict.python({ problem: "python3 does not answer: no answer within 30 s." }),
      verdict.python({ path: "/usr/bin/python3", version: [3, 9, 2], packages: {} }),
      verdict.python({ path: "/usr/bin/python3", version: [3, 12, 0], packages: { torch: null, numpy: "2.0" } }),
      verdict.engine({ problem: "No module named 'torch'." }),
      verdict.cpu(1),
      verdict.memory(GIB),
      verdict.disk("disk", "/d", GIB),
      verdict.disk("disk", "/d", GIB / 4),
      verdict.disk("disk", "/d", null),
      verdict.writable("folder", "/f", "EACCES"),
      verdict.socket({ path: "/s", problem: "EINVAL" }),
      verdict.gpu({ gpus: [] }),
      verdict.sqlite("no such module: fts5"),
      verdict.sandbox("bubblewrap is not installed."),
      verdict.grader({ problem: null }),
      verdict.grader({ problem: "no module named math_verify." }),
    ];
    expect(bad.map(({ status }) => status)).toEqual([
      "fail",
      "warn",
      "fail",
      "fail",
      "fail",
      "fail",
      "warn",
      "warn",
      "warn",
      "fail",
      "fail",
      "fail",
      "fail",
      "warn",
      "warn",
      "warn",
      "warn",
      "warn",
    ]);
    for (const check of bad) expect(check.advice).toMatch(/\w.*[.]$/);
    expect(bad[4]?.found).toContain("It lacks torch.");
  });

  it("has nothing to say about what is in order", () => {
    const good = [
      verdict.node("24.21.0"),
      verdict.python({ path: "/p", version: [3, 11, 0], packages: { torch: "2.13.0" } }),
      verdict.engine({ device: "cpu", seconds: 3 }),
      verdict.cpu(2),
      verdict.memory(4 * GIB),
      verdict.disk("disk", "/d", 50 * GIB),
      verdict.writable("folder", "/f", null),
      verdict.socket({ path: "/s", problem: null }),
      verdict.gpu({ gpus: ["NVIDIA H200"] }),
      verdict.sqlite(null),
      verdict.sandbox(null),
      verdict.grader({ seconds: 2.5 }),
    ];
    expect(good.map(({ status, advice }) => [status, advice])).toEqual(good.map(() => ["ok", null]));
  });

  it("fails, and still looks at everything, on a machine without the engine's environment", async () => {
    const home = await temporaryHome();
    const { code, out } = await rzero(home, ["doctor", "--json"], { XDG_CACHE_HOME: home });
    const { ok, checks } = JSON.parse(out);
    expect([code, ok]).toEqual([1, false]);
    expect(checks.find((check: verdict.Check) => check.name === "Python").status).toBe("fail");
    expect(checks.length).toBeGreaterThanOrEqual(12);
  });
});
