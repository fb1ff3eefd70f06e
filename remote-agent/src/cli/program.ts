import { Command, CommanderError, Option } from "commander";
import { demoCommand } from "./demo.ts";
import { superviseCommand } from "./supervise.ts";

export interface World {
  env: NodeJS.ProcessEnv;
  /** URL of the program's main file: tells whether sources or a bundle run. */
  mainUrl: string;
}

/** Parses the command line and runs a command; answers the exit code. Errors are one sentence on stderr. */
export async function run(argv: string[], world: World): Promise<number> {
  let code = 0;
  const program = new Command("rzero")
    .description("Run R-Zero: two language models that teach each other.")
    .exitOverride()
    .showSuggestionAfterError();

  program
    .command("demo")
    .description("Pre-train a very small model, then let it teach itself to sort: a real run in a few minutes, no GPU.")
    .option("--headless", "stay in the terminal (the only form so far)")
    .addOption(new Option("--seed <n>", "seed of base model and run").argParser(Number).default(0))
    .option("--json", "one JSON object instead of text")
    .action(async (options) => {
      code = await demoCommand(options, world);
    });

  program
    .command("supervise <directory>", { hidden: true })
    .description("own a run until it ends (started by `rzero run`)")
    .action(async (directory) => {
      code = await superviseCommand(directory, world.env, world.mainUrl);
    });

  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    if (world.env["RZERO_DEBUG"] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return 1;
  }
}
