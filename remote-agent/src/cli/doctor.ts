import { homedir } from "node:os";
import path from "node:path";
import { rzeroHome } from "../run/runDir.ts";
import * as probe from "./doctorProbes.ts";
import * as verdict from "./doctorVerdicts.ts";
import { findInstallation } from "./installation.ts";
import { coloured, type Paint, plain, wrap } from "./layout.ts";
import { isLively, print, printJson, type World, widthOf } from "./world.ts";

/** `rzero doctor`: everything a run needs of this machine, each with what to do. Exit code 1 when something fails. */
export async function doctorCommand(world: World, options: { engine?: boolean; json?: boolean }): Promise<number> {
  const checks = await Promise.all(checksOf(world, options.engine ?? false));
  const failed = checks.some((check) => check.status === "fail");
  if (options.json) printJson(world, { ok: !failed, checks });
  else for (const line of report(checks, widthOf(world), isLively(world) ? coloured : plain)) print(world, line);
  return failed ? 1 : 0;
}

function checksOf({ env, mainUrl }: World, engine: boolean): Promise<verdict.Check>[] {
  const home = rzeroHome(env);
  const cache = path.join(env["XDG_CACHE_HOME"] || path.join(homedir(), ".cache"), "rzero");
  const python = env["RZERO_PYTHON"] ?? "";
  const installed = findInstallation(env, mainUrl).catch((error: Error) => error);
  const sandbox = installed.then((found) => probe.sandbox(found, env));
  const grader = sandbox.then(async (problem) =>
    problem === null ? probe.grader(await installed, env) : { problem: null },
  );
  return [
    Promise.resolve(verdict.node(process.versions.node)),
    probe.python(python, env).then(verdict.python),
    ...(engine ? [installed.then((found) => probe.engine(found)).then(verdict.engine)] : []),
    Promise.resolve(verdict.cpu(probe.cpuCores())),
    Promise.resolve(verdict.memory(probe.freeMemory())),
    probe.freeDisk(home).then((free) => verdict.disk("disk for runs", home, free)),
    probe.freeDisk(cache).then((free) => verdict.disk("disk for the cache", cache, free)),
    probe.writable(home).then((problem) => verdict.writable("runs folder", home, problem)),
    probe.writable(cache).then((problem) => verdict.writable("cache folder", cache, problem)),
    probe.socket(env).then(verdict.socket),
    probe.gpus().then(verdict.gpu),
    probe.sqlite().then(verdict.sqlite),
    sandbox.then(verdict.sandbox),
    grader.then(verdict.grader),
  ];
}

const marks = { ok: ["green", "✓"], warn: ["yellow", "!"], fail: ["red", "✗"] } as const;

function report(checks: readonly verdict.Check[], width: number, paint: Paint): string[] {
  const widest = Math.max(...checks.map(({ name }) => name.length));
  const indent = widest + 4;
  return checks.flatMap(({ name, status, found, advice }) => {
    const [style, mark] = marks[status];
    const text = advice === null ? found : `${found} ${advice}`;
    const [first = "", ...rest] = wrap(text, Math.max(20, width - indent));
    return [`${paint(style, mark)} ${name.padEnd(widest)}  ${first}`, ...rest.map((line) => " ".repeat(indent) + line)];
  });
}
