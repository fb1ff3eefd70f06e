import { defineConfig } from "vitest/config";

/** Processes that a test waits for start in seconds when others do. */
const WITH_PROCESSES = { poll: { timeout: 60_000 } };

/**
 * unit: pure and fast, in threads. seam: agent against a scripted engine, engine against the official client.
 * ssh: a real OpenSSH server on loopback.
 * slurm: a real two-node Slurm on this machine.
 * panels: the built pages of panels in a browser, without VS Code.
 * e2e: the packaged extension in a real VS Code, driven through a browser.
 * faults: real processes that are killed; one file at a time, because each keeps the machine busy.
 * long: what takes minutes each, in `npm run faults` only.
 */
export default defineConfig({
  test: {
    restoreMocks: true,
    // As long as it takes on two busy cores; what comes sooner is seen sooner. The default is one second.
    expect: { poll: { timeout: 15_000 } },
    // A failure's message is often all that is left of it: it says what was found, not "(2)". The default is 40 characters.
    chaiConfig: { truncateThreshold: 1000 },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          pool: "threads",
          testTimeout: 60_000, // some write a run and index it, beside another layer
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "seam",
          include: ["test/seam/**/*.test.ts"],
          pool: "forks",
          expect: WITH_PROCESSES,
          testTimeout: 240_000,
          hookTimeout: 600_000, // an engine starts, and a run comes to its end
        },
      },
      {
        extends: true,
        test: {
          name: "ssh",
          include: ["test/ssh/**/*.test.ts"],
          pool: "forks",
          expect: WITH_PROCESSES,
          testTimeout: 180_000,
          hookTimeout: 300_000, // a machine without sshd installs it
        },
      },
      {
        extends: true,
        test: {
          name: "panels",
          include: ["test/panels/**/*.test.ts"],
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 300_000, // a machine without Chromium installs it
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          // `npm run e2e` has more of them.
          include: [
            "test/e2e/*.test.ts",
            ...(process.env["RZERO_E2E_FULL"] === "1" ? ["test/e2e/full/*.test.ts"] : []),
          ],
          pool: "forks",
          fileParallelism: false, // one editor and one browser at a time
          globalSetup: ["test/e2e/support/globalSetup.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: "slurm",
          include: ["test/slurm/**/*.test.ts"],
          pool: "forks",
          expect: WITH_PROCESSES,
          fileParallelism: false, // each file has a cluster of its own
          testTimeout: 180_000,
          hookTimeout: 600_000, // a machine without Slurm installs it
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          pool: "forks",
          expect: WITH_PROCESSES,
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "long",
          include: ["test/long/**/*.test.ts"],
          pool: "forks",
          expect: WITH_PROCESSES,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000, // a machine without Slurm installs it
        },
      },
    ],
  },
});
