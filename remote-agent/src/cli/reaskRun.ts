import { loadTokenizer } from "../engine/tokenizer.ts";
import type { ResolvedRun } from "../protocol/config.ts";
import type { Params, Result, RunReask } from "../protocol/rpc.ts";
import { Asides, ReaskRefused } from "../run/asides.ts";
import { engineHostOf, gradingOf, policiesOf, roomOf } from "../run/context.ts";
import { RunControl } from "../run/control.ts";
import { engineFolder, type Installation } from "../run/launch.ts";
import { openRun } from "../run/opened.ts";
import { withConnection } from "./connect.ts";

type Asked = Omit<Params<"runs/reask">, "run">;
type Answered = Result<"runs/reask">;

interface Reask {
  run: ResolvedRun;
  runDir: string;
  /** With the text of the question; `id` is that of its task, if it has one. */
  asked: Asked & { question: string };
  onAnswer: (answer: RunReask) => void;
  signal: AbortSignal;
}

/** Longer than the owner's own limit, whose error says more. */
const LIMIT_MS = 11 * 60_000;

/**
 * Asks a question again: by the run's supervisor, or for a run at rest as its owner for as long as that takes, with an engine that is
 * ended afterwards. @throws ReaskRefused, RunLocked, what the engine or an endpoint fail with
 */
export async function reask(
  { env, installation }: { env: NodeJS.ProcessEnv; installation: () => Promise<Installation> },
  request: Reask,
): Promise<Answered> {
  const { run, runDir, asked, onAnswer, signal } = request;
  const answer = await withConnection(env, runDir, async (client) => {
    if (client === null) return null;
    client.onReask(onAnswer);
    return client.request("runs/reask", { run: run.id, ...asked }, LIMIT_MS, signal);
  });
  return answer ?? askResting(await installation(), request, env);
}

async function askResting(
  installation: Installation,
  { run, runDir, asked, onAnswer, signal }: Reask,
  env: NodeJS.ProcessEnv,
): Promise<Answered> {
  // Another server needs no engine of ours, which may be gone.
  const enginePackageDir = asked.endpoint === undefined ? await engineFolder(installation, run.identity.engine) : "";
  const control = new RunControl();
  const opened = await openRun(runDir, (error) => control.interrupt(error.message));
  const options = {
    runDir,
    python: installation.python,
    enginePackageDir,
    recipe: () => Promise.reject(new ReaskRefused("A run at rest runs no recipe.")),
    engineToken: env["RZERO_ENGINE_TOKEN"] ?? "",
    log: () => undefined,
  };
  const room = roomOf(opened, options, control);
  const host = engineHostOf(run, opened, options, control, room);
  const policies = policiesOf(run, opened, options, control, host, room);
  const grading = gradingOf(run, opened, options, control, room);
  const asides = new Asides({ run, opened, policies, grading, tokenizer: () => loadTokenizer(run.modelDir) });
  const { id, command } = asked;
  const end = () => control.interrupt("The question was given up.");
  signal.addEventListener("abort", end, { once: true });
  try {
    const { m = 5, role = "solver", ...rest } = asked;
    return await asides.ask({ ...rest, m, role, task: id ?? null }, (answer) => onAnswer({ command, answer }), signal);
  } finally {
    signal.removeEventListener("abort", end);
    await grading.close();
    await host.stop();
    await opened.close();
  }
}
