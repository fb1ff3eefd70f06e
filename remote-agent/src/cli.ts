import { run } from "./cli/program.ts";

// A reader that has seen enough (`| head`) is no error; a run under way goes on by itself.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv, {
  env: process.env,
  mainUrl: import.meta.url,
  program: "npx rzero",
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  availableMemory: () => process.availableMemory(),
  onInterrupt(listener) {
    process.on("SIGINT", listener);
    return () => process.off("SIGINT", listener);
  },
});
// What is done is done: a timer or socket that lingers must not keep the terminal.
process.exit();
