import type { SlurmSettings } from "../protocol/slurm.ts";

/** A script template cannot be used; the message says why. */
export class TemplateInvalid extends Error {
  override readonly name = "TemplateInvalid";
}

/** What a job script is made from. */
export interface JobParts {
  /** Id of the run, and its directory. */
  run: string;
  directory: string;
  settings: SlurmSettings;
  /** Variables the supervisor needs; secrets do not belong here: the script can be read. */
  environment: Record<string, string>;
  command: readonly string[];
}

/** The built-in script. A user's own may stand in its place and may hold the same placeholders (docs/slurm.md). */
export const DEFAULT_TEMPLATE = `#!/bin/bash
# The batch job of one R-Zero run: its supervisor, which starts the engine and resumes what is recorded.
{{directives}}
{{environment}}
{{setup}}
# exec: Slurm's signals must reach the supervisor itself, not a shell around it.
exec {{command}}
`;

/** Fills a template. @throws TemplateInvalid when it has an unknown placeholder or lacks one that must be there */
export function jobScript(template: string, parts: JobParts): string {
  const values: Record<string, string> = {
    directives: directives(parts).join("\n"),
    environment: environment(parts.environment).join("\n"),
    setup: parts.settings.setup.join("\n"),
    command: parts.command.map(quoted).join(" "),
    run: quoted(parts.run),
    directory: quoted(parts.directory),
  };
  const text = template.replaceAll("\r\n", "\n"); // sbatch refuses DOS line ends
  if (!text.startsWith("#!"))
    throw new TemplateInvalid("The template of the job script must begin with #! and a shell, as in #!/bin/bash.");
  for (const needed of ["directives", "command"]) {
    if (!text.includes(`{{${needed}}}`))
      throw new TemplateInvalid(`The template of the job script has no {{${needed}}}: without it the run cannot work.`);
  }
  return text.replaceAll(/\{\{([^{}]*)\}\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined)
      throw new TemplateInvalid(
        `The template of the job script has an unknown placeholder {{${name}}}; there are: ${Object.keys(values).join(", ")}.`,
      );
    return value;
  });
}

/** Name of a run's job: by it a job is found whose submission got no answer. */
export function jobName(run: string): string {
  return `rzero-${run}`;
}

/** Values are single words without quotes (protocol/slurm.ts), so quoting them here leaves nothing to escape from. */
function directives({ run, settings }: JobParts): string[] {
  const options: [string, string | number | null][] = [
    ["job-name", jobName(run)],
    ["nodes", 1],
    ["ntasks", 1],
    ["partition", settings.partition],
    ["account", settings.account],
    ["qos", settings.qos],
    ["constraint", settings.constraint],
    ["time", settings.time],
    ["gres", settings.gres ?? (settings.gpus === null || settings.gpus === 0 ? null : `gpu:${settings.gpus}`)],
    ["cpus-per-task", settings.cpus],
    ["mem", settings.memory],
  ];
  return [
    `#SBATCH --requeue --signal=B:USR1@${settings.notice} --open-mode=append`,
    ...options.flatMap(([name, value]) => (value === null ? [] : [`#SBATCH --${name}="${value}"`])),
    ...settings.options.map((option) => `#SBATCH ${option.replace(/=(.*)$/, '="$1"')}`),
  ];
}

function environment(variables: Record<string, string>): string[] {
  return [
    // The login node's does not exist on a compute node; the supervisor listens in the node's own temporary directory.
    "unset XDG_RUNTIME_DIR",
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
  ];
}

/** One word of a POSIX shell, whatever it holds. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
