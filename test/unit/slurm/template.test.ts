import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slurmSettings } from "../../../remote-agent/src/protocol/slurm.ts";
import { DEFAULT_TEMPLATE, type JobParts, jobScript } from "../../../remote-agent/src/slurm/template.ts";

const parts = (more: Partial<JobParts> = {}): JobParts => ({
  run: "20261127-r-zero-1a2b",
  directory: "/scratch/me/runs/r",
  settings: slurmSettings.parse({}),
  environment: { RZERO_HOME: "/scratch/me" },
  command: ["/usr/bin/node", "rzero.mjs", "supervise", "/scratch/me/runs/r"],
  ...more,
});

describe("a job script", () => {
  it("says what the settings ask for, once each, and nothing else", () => {
    const settings = slurmSettings.parse({
      partition: "gpu",
      time: "1-12",
      gpus: 2,
      cpus: 8,
      memory: "64G",
      notice: 300,
      options: ["--exclude=node[1-3]", "--exclusive"],
      setup: ["module load cuda"],
    });
    expect(jobScript(DEFAULT_TEMPLATE, parts({ settings }))).toBe(`#!/bin/bash
# The batch job of one R-Zero run: its supervisor, which starts the engine and resumes what is recorded.
#SBATCH --requeue --signal=B:USR1@300 --open-mode=append
#SBATCH --job-name="rzero-20261127-r-zero-1a2b"
#SBATCH --nodes="1"
#SBATCH --ntasks="1"
#SBATCH --partition="gpu"
#SBATCH --time="1-12"
#SBATCH --gres="gpu:2"
#SBATCH --cpus-per-task="8"
#SBATCH --mem="64G"
#SBATCH --exclude="node[1-3]"
#SBATCH --exclusive
unset XDG_RUNTIME_DIR
export RZERO_HOME='/scratch/me'
module load cuda
# exec: Slurm's signals must reach the supervisor itself, not a shell around it.
exec '/usr/bin/node' 'rzero.mjs' 'supervise' '/scratch/me/runs/r'
`);
  });

  it.each([
    ["a line of its own", { partition: "gpu\n#SBATCH --wrap=x" }],
    ["a quote", { account: 'a" --uid="0' }],
    ["a space", { qos: "high --nice=0" }],
    ["a comment", { constraint: "a#b" }],
    ["a backslash", { gres: "gpu\\" }],
    ["a command in an option", { options: ["--exclude=$(touch x)"] }],
    ["an argument in place of an option", { options: ["job.sh"] }],
    ["an option on two lines", { options: ["--exclude=a\n--b"] }],
    ["a set-up line of two", { setup: ["a\nb"] }],
    ["a time that is none", { time: "8h" }],
    ["an unknown name", { partitions: "gpu" }],
  ])("its settings cannot smuggle in %s", (_, settings) => {
    expect(slurmSettings.safeParse(settings).success).toBe(false);
  });

  it("hands every path and variable to the shell as it is", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 }).filter((value) => !/[\0\p{Cs}]/u.test(value));
    fc.assert(
      fc.property(text, text, (value, argument) => {
        const script = jobScript(
          "#!/bin/sh\n{{environment}}\n{{command}}\n: {{directives}}",
          parts({ environment: { GIVEN: value }, command: ["printf", "%s\\0%s", `x${argument}`, "end"] }),
        );
        const body = script.slice(0, script.lastIndexOf("\n: #SBATCH"));
        const shown = execFileSync("sh", ["-c", `${body}\nprintf '\\0%s' "$GIVEN"`], { encoding: "utf8" });
        expect(shown.split("\0")).toEqual([`x${argument}`, "end", value]);
      }),
      { numRuns: 60 },
    );
  });

  it("a template of one's own: what is wrong with it is said", () => {
    expect(() => jobScript("{{directives}} {{command}}", parts())).toThrow(/must begin with #!/);
    expect(() => jobScript("#!/bin/sh\nexec {{command}}", parts())).toThrow(/has no \{\{directives\}\}/);
    expect(() => jobScript("#!/bin/sh\n{{directives}}{{command}}{{comand}}", parts())).toThrow(
      /unknown placeholder \{\{comand\}\}; there are: directives, environment, setup, command, run, directory/,
    );
    expect(jobScript("#!/bin/sh\r\n{{directives}}\r\n{{command}}\r\n", parts())).not.toContain("\r");
  });

  it("a value that looks like a placeholder stays what it is", () => {
    const script = jobScript(DEFAULT_TEMPLATE, parts({ environment: { A: "{{command}} $& $1" } }));
    expect(script).toContain("export A='{{command}} $& $1'");
  });
});
