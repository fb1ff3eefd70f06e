import { defineConfig } from "vitest/config";

/**
 * unit: pure and fast, in threads. seam: agent against a scripted engine, engine against the official client.
 * ssh: a real OpenSSH server on loopback.
 * faults: real processes that are killed; one file at a time, because each keeps the machine busy.
 */
export default defineConfig({
  test: {
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], pool: "threads", testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: "seam",
          include: ["test/seam/**/*.test.ts"],
          pool: "forks",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "ssh",
          include: ["test/ssh/**/*.test.ts"],
          pool: "forks",
          testTimeout: 60_000,
          hookTimeout: 300_000, // a machine without sshd installs it
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
