import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { slurmSettings } from "../../../remote-agent/src/protocol/slurm.ts";
import { findingsOf } from "../../../src/hosts/findings.ts";
import { factsOf, ProbeIncomplete } from "../../../src/hosts/hostFacts.ts";
import { hostNames } from "../../../src/hosts/hostNames.ts";
import { hostReport } from "../../../src/hosts/hostReport.ts";
import { HostSettingsInvalid, preamble, settingsOf } from "../../../src/hosts/hostSettings.ts";

const folder = mkdtempSync(path.join(tmpdir(), "rzero-hosts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const node = `os\tLinux x86_64
system\tDebian GNU/Linux 12 (bookworm)
user\tme
home\t/home/me
login_shell\t/usr/bin/fish
cpus\t64
memory_kib\t527976388 500000000
root\t/scratch/me/rzero
root_writable\tyes
disk_kib\t1048576000 524288000 50% /scratch
node\tv18.19.0 /usr/bin/node
node\tv22.20.0 /home/me/.vscode-server/cli/servers/Stable-x/server/node
python\t3.12.4 no /usr/bin/python3.12
python\t3.11.9 yes /opt/python/bin/python3.11
python\t3.11.9 yes /opt/python/bin/python3.11
tool\tbase64
tool\tsha256sum
tool\ttar
tool\tgzip
gpu\t0, NVIDIA H100 80GB HBM3, 81559, 4, 0, 560.35
gpu\t1, NVIDIA H100 80GB HBM3, 81559, 70000, 98, 560.35
slurm\tslurm 24.05.3
partition\tgpu*|up|2-00:00:00|4|gpu:h100:8
sandbox\tok
done\tyes
`;

const statusOf = (text: string, topic: string) => findingsOf(factsOf(text)).find((finding) => finding.topic === topic);

describe("what a host's look means", () => {
  it("a well-equipped node: all in order, a busy GPU is a warning", () => {
    const findings = findingsOf(factsOf(node));
    expect(findings.map(({ topic, status }) => `${topic} ${status}`)).toEqual([
      "System ok",
      "Disk ok",
      "Python ok",
      "Node ok",
      "GPU ok",
      "GPU warning",
      "Slurm ok",
      "Sandbox ok",
    ]);
    expect(findings[2]?.says).toContain("/opt/python/bin/python3.11");
  });

  it.each<[string, string, string, string]>([
    ["no Python", node.replaceAll(/python\t.*\n/g, ""), "Python", "blocked"],
    ["an old Python", node.replaceAll(/python\t.*\n/g, "python\t3.9.2 yes /usr/bin/python3\n"), "Python", "blocked"],
    ["a Python without venv", node.replaceAll(/python\t3.11.*\n/g, ""), "Python", "blocked"],
    ["a root that cannot be written", node.replace("root_writable\tyes", "root_writable\tno"), "Disk", "blocked"],
    ["a full disk", node.replace("524288000 50%", "100000 100%"), "Disk", "warning"],
    ["no Node", node.replaceAll(/node\t.*\n/g, ""), "Node", "note"],
    ["no GPU", node.replaceAll(/gpu\t.*\n/g, ""), "GPU", "note"],
    [
      "a broken driver",
      node.replaceAll(/gpu\t.*\n/g, "gpu_error\tDriver/library version mismatch\n"),
      "GPU",
      "warning",
    ],
    [
      "a Slurm that hangs",
      `${node.replace(/partition.*\n/, "")}slurm_error\tsinfo did not answer within 10 s\n`,
      "Slurm",
      "warning",
    ],
    ["no bubblewrap", node.replace("sandbox\tok\n", ""), "Sandbox", "warning"],
    ["no sha256sum", node.replace("tool\tsha256sum\n", ""), "Tools", "blocked"],
    ["another system", node.replace("Linux x86_64", "FreeBSD amd64"), "System", "blocked"],
  ])("%s", (_what, text, topic, status) => {
    const finding = statusOf(text, topic);
    expect(finding?.status).toBe(status);
    if (status !== "ok") expect(finding?.remedy).toBeTruthy();
  });

  it("a look that was cut short is no answer", () => {
    expect(() => factsOf(node.slice(0, node.length / 2))).toThrow(ProbeIncomplete);
    expect(() => factsOf("cpus\tmany\ndone\tyes\n")).toThrow(ProbeIncomplete);
  });

  it("text from a host neither formats, nor links, nor loads anything in the report", () => {
    const hostile = "![x](https://evil/x.png) <script>alert(1)</script> | [a](command:x) \u202e\u001b[31m `code`";
    const facts = factsOf(node.replace("Debian GNU/Linux 12 (bookworm)", hostile));
    const report = hostReport({ host: "node", via: "system", ms: 12 }, findingsOf(facts), new Date(0));
    for (const part of ["![", "](", "<script", "https:", "`code`", "\u202e", "\u001b"])
      expect(report).not.toContain(part);
    expect(report.split("\n").filter((line) => line.startsWith("| ✓ | System"))).toHaveLength(1);
  });

  it("the report begins with the verdict", () => {
    const report = (text: string) =>
      hostReport({ host: "n", via: "built-in", ms: 1 }, findingsOf(factsOf(text)), new Date(0));
    expect(report(node)).toContain("Runs can start here; the lines marked ! are worth a look.");
    expect(report(node.replaceAll(/python\t.*\n/g, ""))).toContain("Runs cannot start here yet");
  });
});

describe("the settings of a host", () => {
  it("what is not set has its default", () => {
    const plain = { root: "~/.rzero", setup: [], env: {}, python: null, gpus: null, slurm: null };
    expect(settingsOf(undefined, "node")).toEqual(plain);
    expect(settingsOf({ node: { root: "/scratch/me" } }, "node").root).toBe("/scratch/me");
    expect(settingsOf({ node: {} }, "__proto__").root).toBe("~/.rzero");
  });

  it("a mistake is named with host and field", () => {
    expect(() => settingsOf({ node: { rooot: "/x" } }, "node")).toThrow(HostSettingsInvalid);
    expect(() => settingsOf({ node: { env: { "a b": "c" } } }, "node")).toThrow(/node › env/);
    expect(() => settingsOf({ node: { root: "relative" } }, "node")).toThrow(/node › root/);
  });

  it("values of variables are data for the shell", () => {
    expect(preamble(settingsOf({ n: { env: { A: "it's $(x)" } } }, "n"))).toContain("export A='it'\\''s $(x)'");
  });
});

describe("what a login node's runs ask for as batch jobs", () => {
  it("reaches the agent as data of its environment", () => {
    const settings = settingsOf({ n: { slurm: { partition: "gpu", setup: ["echo it's $(x)"] } } }, "n");
    const line = preamble(settings).split("\n")[0] ?? "";
    const value = execFileSync("sh", ["-c", `${line}\nprintf %s "$RZERO_SLURM"`], { encoding: "utf8" });
    expect(JSON.parse(value)).toEqual(settings.slurm);
  });

  it("a mistake in it is named", () => {
    expect(() => settingsOf({ n: { slurm: { partition: "a b" } } }, "n")).toThrow(
      /n › slurm › partition: must be one word/,
    );
  });

  it("has the same fields and defaults in the editor's settings", () => {
    const manifest = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../../package.json"), "utf8"));
    const hosts = manifest.contributes.configuration.properties["rzero.hosts"].additionalProperties.properties;
    const fields = Object.entries(hosts.slurm.properties as Record<string, { default: unknown }>);
    expect(Object.fromEntries(fields.map(([name, field]) => [name, field.default]))).toEqual(slurmSettings.parse({}));
  });

  it("partitions are told with their limits", () => {
    expect(statusOf(node, "Slurm")?.says).toBe("slurm 24.05.3: gpu (default): at most 2-00:00:00, 4 nodes, gpu:h100:8");
  });
});

describe("hosts of the SSH configuration", () => {
  it("are those that can be named: no wildcards, Includes followed, in order", async () => {
    mkdirSync(path.join(folder, "conf.d"));
    const config = path.join(folder, "config");
    writeFileSync(
      config,
      "Include conf.d/*.conf\nHost a b !c *.x\n  User me\nHost *\n  Port 2\nMatch host z\n  User q\nHost d\n  Include more\n",
    );
    writeFileSync(path.join(folder, "conf.d", "1.conf"), "Host first\n");
    writeFileSync(path.join(folder, "more"), "Host last\nHost a\nInclude more\n");
    expect(await hostNames(config, folder)).toEqual(["first", "a", "b", "d", "last"]);
  });

  it("none without a configuration", async () => {
    expect(await hostNames(path.join(folder, "nothing"), folder)).toEqual([]);
  });
});
