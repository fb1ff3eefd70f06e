import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ConfigInvalid } from "../protocol/configFile.ts";
import { presetNames } from "../protocol/presets.ts";
import { runPresets } from "../recipes/runPresets.ts";
import { alarmsCommand } from "./alarmsCommand.ts";
import { bridgeCommand } from "./bridge.ts";
import { deleteCommand } from "./deleteCommand.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { engineCheckCommand } from "./engineCheck.ts";
import { engineServeCommand } from "./engineServe.ts";
import { exportCommand } from "./export.ts";
import { extendCommand } from "./extend.ts";
import { fileTrouble } from "./fileTrouble.ts";
import { forkCommand } from "./fork.ts";
import { gradeCommand } from "./grade.ts";
import { lineageCommand } from "./lineage.ts";
import { listCommand } from "./list.ts";
import { logsCommand } from "./logs.ts";
import { metricsCommand } from "./metrics.ts";
import { planCommand } from "./planCommand.ts";
import { presetsCommand } from "./presetsCommand.ts";
import { pruneCommand } from "./prune.ts";
import { questionCommand } from "./question.ts";
import { filterHelp } from "./questionFilter.ts";
import { questionsCommand } from "./questions.ts";
import { reaskCommand } from "./reask.ts";
import { reportCommand } from "./report/command.ts";
import { selectionHelp } from "./report/selectionText.ts";
import { reviewCommand } from "./review.ts";
import { runCommand } from "./run.ts";
import { salvageCommand } from "./salvage.ts";
import { scoreCommand } from "./score.ts";
import { serveCommand } from "./serve.ts";
import { showCommand } from "./show.ts";
import { steerCommand } from "./steerCommand.ts";
import { superviseCommand } from "./supervise.ts";
import { tailCommand } from "./tail.ts";
import { Interrupted, UsageError, type World } from "./world.ts";

const RUN = "a run's id, a part of it, `last`, or its directory";
const JSON_OPTION = ["--json", "JSON on stdout instead of text"] as const;
const FOREIGN_OPTION = [
  "--yes",
  "go on with a run that was downloaded or made by somebody else, without asking",
] as const;

/** Parses the command line and runs a command. Answers the exit code: 0 done, 1 failed, 2 misused, 130 after Ctrl-C. */
export async function run(argv: string[], world: World): Promise<number> {
  let code = 0;
  const wantsJson = argv.includes("--json");
  try {
    await programOf(world, wantsJson, (exitCode) => {
      code = exitCode;
    }).parseAsync(argv);
    return code;
  } catch (error) {
    return told(error, world, wantsJson);
  }
}

function programOf(world: World, quiet: boolean, exit: (code: number) => void): Command {
  const program = new Command("rzero")
    .description("R-Zero: two language models that teach each other, from questions they invent themselves.")
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => quiet || world.stderr.write(text),
    });

  program
    .command("demo")
    .description("a very small model teaches itself: a real run in this terminal, in minutes, no GPU")
    .option("--headless", "stay in the terminal, as `rzero demo` always does; for `npm run demo`")
    .addOption(presetOption().default("demo"))
    .addOption(new Option("--iterations <n>", "iterations, instead of the preset's").argParser(whole))
    .addOption(
      new Option("--announce <file>", "write the run's id there; Ctrl-C then leaves the run at work").hideHelp(),
    )
    .addOption(new Option("--seed <n>", "seed of base model and run").argParser(seed).default(0))
    .option(...JSON_OPTION)
    .action(async (options) => exit(await demoCommand(world, options)));

  program
    .command("run [file]")
    .description("start a run from a configuration file or a preset and follow it; it goes on by itself")
    .addOption(presetOption())
    .addOption(new Option("--seed <n>", "the run's seed").argParser(seed))
    .addOption(
      new Option("--set <key=value>", "replace a setting, for example solver.steps=10 (repeatable)")
        .argParser(append)
        .default([], "nothing"),
    )
    .option("--detach", "return once the run has started")
    .option(...JSON_OPTION)
    .action(async (file, options) => exit(await runCommand(world, file, options)));

  program
    .command("plan [file]")
    .description("what a run will need of this machine: memory, disk, tokens, time; starts nothing")
    .addOption(presetOption())
    .addOption(new Option("--seed <n>", "the run's seed").argParser(seed))
    .addOption(
      new Option("--set <key=value>", "replace a setting (repeatable)").argParser(append).default([], "nothing"),
    )
    .option("--measure", "measure the engine's speed with the model's weights, about a minute")
    .option(...JSON_OPTION)
    .action(async (file, options) => exit(await planCommand(world, file, options)));

  program
    .command("presets")
    .description("the ready-made configurations and what each of them needs")
    .option(...JSON_OPTION)
    .action((options) => exit(presetsCommand(world, options)));

  program
    .command("list")
    .description("all runs of this machine")
    .option(...JSON_OPTION)
    .action(async (options) => exit(await listCommand(world, options)));

  program
    .command("show")
    .description("how a run stands, its newest questions, and where things lie")
    .argument("<run>", RUN)
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await showCommand(world, name, options)));

  program
    .command("alarms")
    .description("the alarms of a run: what was measured, what it means, what to do")
    .argument("<run>", RUN)
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await alarmsCommand(world, name, options)));

  program
    .command("tail")
    .description("the run's records and those that come, until it ends")
    .argument("<run>", RUN)
    .addOption(new Option("--since <seq>", "only records after this number").argParser(whole).default(0))
    .addOption(
      new Option("--types <a,b>", "only these types (default: all with --json, else the readable ones)").argParser(
        commas,
      ),
    )
    .option("--json", "records as JSON lines")
    .action(async (name, options) => exit(await tailCommand(world, name, options)));

  program
    .command("logs")
    .description("what a run's agent and engine wrote, oldest first")
    .argument("<run>", RUN)
    .option("--follow", "go on with what comes, until the run's supervisor ends")
    .addOption(new Option("--source <a,b>", "only these logs, for example engine").argParser(commas))
    .option("--since <time>", "only from then on: 10m, 2h, 3d ago, or 2026-11-26T21:30:00Z")
    .addOption(new Option("--lines <n>", "only the last n of those that are there").argParser(whole))
    .option("--json", "lines as JSON")
    .action(async (name, options) => exit(await logsCommand(world, name, options)));

  program
    .command("questions")
    .description("the questions of a run: filtered, searched, in any order, a page at a time")
    .argument("<run>", RUN)
    .addOption(new Option("--filter <property=value>", filterHelp).argParser(append).default([], "nothing"))
    .option("--search <text>", 'words of question or answers; "a phrase", begin*')
    .option("--sort <column>", "a column of the table or of --json; -column for descending", "order")
    .addOption(new Option("--limit <n>", "rows, at most 500").argParser(whole).default(20))
    .addOption(new Option("--at <row>", "the first row, from 0").argParser(whole))
    .option("--after <cursor>", "go on after the page whose `next` this was")
    .addOption(new Option("--facets <a,b>", "count values instead, for example reason,band").argParser(commas))
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await questionsCommand(world, name, options)));

  program
    .command("question")
    .description("one question: its answers in classes, rewards, neighbours")
    .argument("<run>", RUN)
    .argument("<id>", "id of its proposal, task, or one of its answers")
    .option(...JSON_OPTION)
    .action(async (name, id, options) => exit(await questionCommand(world, name, id, options)));

  program
    .command("review")
    .description("decide on questions, hold a run for review and release it; alone: how review stands")
    .argument("<run>", RUN)
    .argument("[ids...]", "questions, by the id of proposal, task or answer")
    .option("--approve", "train on them")
    .option("--reject", "do not train on them")
    .option("--label <text>", "the right label, instead of the majority's; empty takes it back")
    .option("--question <text>", "the question as it is to be asked; empty takes it back")
    .option("--note <text>", "a remark; empty takes it back")
    .option("--undo", "take the newest decision on them back")
    .addOption(new Option("--gate <switch>", "wait for a reviewer before each Solver trains").choices(["on", "off"]))
    .addOption(
      new Option("--release <undecided>", "let the run go on; what becomes of undecided questions").choices([
        "keep",
        "drop",
      ]),
    )
    .option("--no-resume", "with --release: leave a run at rest as it is")
    .option(...JSON_OPTION)
    .action(async (name, ids, options) => exit(await reviewCommand(world, name, ids, options)));

  program
    .command("reask")
    .description("draw answers to a question again, outside of the run's own work")
    .argument("<run>", RUN)
    .argument("[id]", "a question, by the id of proposal, task or answer")
    .option("--question <text>", "another question instead")
    .addOption(new Option("--role <role>", "whose newest kept weights answer").choices(["solver", "challenger"]))
    .option("--checkpoint <id>", "the weights of this checkpoint, or `base`")
    .addOption(new Option("--answers <n>", "how many, at most 32 (default: 5)").argParser(whole))
    .addOption(new Option("--temperature <t>", "instead of the run's").argParser(Number))
    .addOption(new Option("--max-tokens <n>", "instead of the run's").argParser(whole))
    .option("--endpoint <url>", "ask a server that speaks OpenAI's chat completions; its key is OPENAI_API_KEY")
    .option("--model <name>", "the model to ask of that server")
    .option(...JSON_OPTION)
    .action(async (name, id, options) => exit(await reaskCommand(world, name, id, options)));

  program
    .command("lineage")
    .description("what led to a record, and what it led to")
    .argument("<run>", RUN)
    .argument("<id>", "id of any record")
    .addOption(new Option("--direction <which>").choices(["causes", "effects", "both"]).default("both"))
    .addOption(new Option("--depth <n>", "steps in each direction").argParser(whole).default(6))
    .addOption(new Option("--limit <n>", "records at most").argParser(whole).default(100))
    .option(...JSON_OPTION)
    .action(async (name, id, options) => exit(await lineageCommand(world, name, id, options)));

  program
    .command("metrics")
    .description("a run's metrics into TensorBoard files, Weights & Biases, or as JSON lines")
    .argument("<run>", RUN)
    .option("--tensorboard <dir>", "event files in a folder of the run's name there, made anew")
    .option("--wandb <project>", "to Weights & Biases; the key is WANDB_API_KEY in the environment")
    .option("--entity <name>", "the team or user there")
    .option("--offline", "Weights & Biases files in the run's directory, for `wandb sync`")
    .option("--follow", "go on with what comes, until the run's supervisor ends")
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await metricsCommand(world, name, options)));

  const steering = {
    pause: "pause a run when the calls under way are done",
    resume: "go on with a paused, stopped, failed or interrupted run",
    stop: "end a run orderly; what is done is kept",
  } as const;
  for (const what of ["pause", "resume", "stop"] as const) {
    const command = program.command(what).description(steering[what]).argument("<run>", RUN);
    if (what === "resume") command.option(...FOREIGN_OPTION);
    command
      .option(...JSON_OPTION)
      .action(async (name, options) => exit(await steerCommand(world, what, name, options)));
  }

  program
    .command("export")
    .description("a run's questions, answers, examples, metrics and models as files that other programs read")
    .argument("<run>", RUN)
    .requiredOption("--to <dir>", "directory to make; nothing is overwritten")
    .addOption(new Option("--format <format>", "of the tables").choices(["jsonl", "parquet"]).default("jsonl"))
    .addOption(
      new Option("--what <a,b>", "questions, answers, examples, metrics, checkpoints (default: all)").argParser(commas),
    )
    .addOption(
      new Option("--role <role>", "examples, metrics and checkpoints of one role").choices(["challenger", "solver"]),
    )
    .option("--checkpoint <which>", "models to export: last (of each role), all, an iteration, or an id")
    .option("--merge", "LoRA adapters are merged into full models")
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await exportCommand(world, name, options)));

  program
    .command("report")
    .description("charts and chosen questions of a run as one HTML file that needs nothing else")
    .argument("<run>", RUN)
    .option("--out <file>", "where to write it (default: RUN.html here)")
    .option("--questions <selection>", selectionHelp)
    .addOption(
      new Option("--filter <property=value>", "those that `rzero questions` lists")
        .argParser(append)
        .default([], "nothing"),
    )
    .option("--search <text>", 'words of question or answers; "a phrase", begin*')
    .option("--sort <column>", "the order of what is listed; -column for descending")
    .addOption(new Option("--limit <n>", "how many of what is listed, at most 500").argParser(whole).default(100))
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await reportCommand(world, name, options)));

  program
    .command("extend")
    .description("give a run more iterations, with which a completed one goes on, or change what it keeps and warns of")
    .argument("<run>", RUN)
    .option("--iterations <n>", "the new total, or with a plus so many more: +2")
    .addOption(
      new Option(
        "--set <key=value>",
        "replace a retention rule or an alarm's setting (checkpoints.…, payload.…, alarms.…; repeatable)",
      )
        .argParser(append)
        .default([], "nothing"),
    )
    .option("--no-resume", "only record it; `rzero resume` goes on later")
    .option(...FOREIGN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await extendCommand(world, name, options)));

  program
    .command("fork")
    .description("a new run that begins at the end of a stage of another one")
    .argument("<run>", RUN)
    .option(
      "--at <iteration[/stage]>",
      "2 is the end of iteration 2, 2/challenger before its questions (default: the newest iteration)",
    )
    .addOption(
      new Option("--set <key=value>", "replace a setting of the parent's (repeatable)")
        .argParser(append)
        .default([], "nothing"),
    )
    .option("--name <name>", "the fork's name")
    .addOption(new Option("--seed <n>", "the fork's seed (default: one of its own)").argParser(seed))
    .option("--no-start", "only make it; `rzero resume` starts it")
    .option(...FOREIGN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await forkCommand(world, name, options)));

  program
    .command("prune")
    .description("apply a run's retention rules; without a run, remove copies of agents and engines that no run needs")
    .argument("[run]", RUN)
    .option("--dry-run", "only say what would go")
    .addOption(
      new Option("--set <key=value>", "another rule for this once, for example payload.keep=text (repeatable)")
        .argParser(append)
        .default([], "nothing"),
    )
    .option("--finished", "without a run: also copies that only completed runs need, which can then not be extended")
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await pruneCommand(world, name, options)));

  program
    .command("delete")
    .description("remove a run and all its checkpoints for good")
    .argument("<run>", RUN)
    .option("--yes", "do not ask")
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await deleteCommand(world, name, options)));

  program
    .command("salvage")
    .description("write what can still be read of a damaged run to a new directory, with a report of what is lost")
    .argument("<run>", RUN)
    .requiredOption("--to <dir>", "a directory that does not exist yet")
    .option(...JSON_OPTION)
    .action(async (name, options) => exit(await salvageCommand(world, name, options)));

  program
    .command("doctor")
    .description("check this machine: Node, Python, packages, CPU, memory, disk, GPU, sandbox")
    .option("--engine", "also start the engine's program, which takes longer")
    .option(...JSON_OPTION)
    .action(async (options) => exit(await doctorCommand(world, options)));

  program
    .command("grade")
    .description("compare pairs of answers as a run does: equal or not, and what decided")
    .argument("<file>", "pairs: a JSON array of [a, b], JSON lines, or two columns with a tab; `-` is stdin")
    .addOption(
      new Option("--rules <name>", "how answers are compared").choices(["exact", "reference"]).default("exact"),
    )
    .option("--no-symbolic", "exact arithmetic alone: start no symbolic grader")
    .option(...JSON_OPTION)
    .action(async (file, options) => exit(await gradeCommand(world, file, options)));

  program
    .command("score")
    .description(
      "score a batch of raw completions from a JSON file: parse, vote, repetition penalty, Challenger reward",
    )
    .argument("<file>", 'JSON {"predicts": […], "solver_completions": {question: […]}}; - reads stdin')
    .addOption(new Option("--preset <name>", "whose rules").choices(presetNames).default("strict"))
    .option(...JSON_OPTION)
    .action(async (file, options) => exit(await scoreCommand(world, file, options)));

  program
    .command("serve")
    .description("answer a client for all runs of this machine (JSON-RPC)")
    .requiredOption("--stdio", "over stdin and stdout")
    .option(...JSON_OPTION)
    .action(async () => exit(await serveCommand(world)));

  const engine = program.command("engine").description("the engine by itself");
  engine
    .command("serve")
    .description("serve a model with the built-in engine until Ctrl-C")
    .requiredOption("--model <dir>", "Hugging Face folder of the base model")
    .addOption(new Option("--port <n>", "port on 127.0.0.1; 0 picks a free one").argParser(whole).makeOptionMandatory())
    .option(...JSON_OPTION)
    .action(async (options) => exit(await engineServeCommand(world, options)));
  engine
    .command("check")
    .description("use a server as a run would and say what can be run on it; its token is RZERO_ENGINE_TOKEN")
    .argument("<url>", "scheme, host and port, for example http://127.0.0.1:8300")
    .option(...JSON_OPTION)
    .action(async (url, options) => exit(await engineCheckCommand(world, url, options)));

  program
    .command("bridge <socket>", { hidden: true })
    .description("join stdin and stdout to a supervisor's socket (started as a job step by `rzero serve`)")
    .action(async (socket) => exit(await bridgeCommand(world, socket)));

  program
    .command("supervise <directory>", { hidden: true })
    .description("own a run until it ends (started by `rzero run`)")
    .action(async (directory) => exit(await superviseCommand(directory, world.env, world.mainUrl)));

  return program;
}

/** An error as one sentence on stderr, or as JSON there; answers the exit code. */
function told(error: unknown, world: World, json: boolean): number {
  if (error instanceof Interrupted) return 130;
  const message = fileTrouble(error) ?? (error instanceof Error ? error.message : String(error));
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (json) world.stderr.write(`${JSON.stringify({ error: message, reason: "UsageError" })}\n`);
    return 2; // commander has written what is wrong
  }
  const reason = error instanceof Error ? error.name : "Error";
  const problems = error instanceof ConfigInvalid ? { problems: error.problems } : {};
  world.stderr.write(`${json ? JSON.stringify({ error: message, reason, ...problems }) : message}\n`);
  if (world.env["RZERO_DEBUG"] && error instanceof Error) world.stderr.write(`${error.stack}\n`);
  return error instanceof UsageError || error instanceof ConfigInvalid ? 2 : 1;
}

function presetOption(): Option {
  return new Option("--preset <name>", "a ready-made configuration (`rzero presets`)").choices([...runPresets.keys()]);
}

function seed(text: string): number {
  const value = whole(text);
  if (value > 2 ** 32 - 1) throw new InvalidArgumentError("A seed is a whole number from 0 to 4294967295.");
  return value;
}

function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return Number(text);
}

function commas(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function append(text: string, before: string[]): string[] {
  return [...before, text];
}
