import { run } from "./cli/program.ts";

process.exitCode = await run(process.argv, { env: process.env, mainUrl: import.meta.url });
