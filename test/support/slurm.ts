import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { cpus, hostname, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { packagesMissing } from "./debianPackages.ts";

const run = promisify(execFile);

/**
 * A private, real Slurm of two nodes on this machine: own keys, ports and folders. Each node has a pid, mount and host-name
 * namespace of its own, so that to the product they are two hosts that share a file system.
 */
export interface Slurm {
  readonly folder: string;
  /** For Slurm's commands: which cluster they mean. */
  readonly env: { SLURM_CONF: string };
  readonly nodes: readonly string[];
  /** A Slurm command. @throws with what it said */
  command(program: string, ...args: string[]): Promise<string>;
  /** State of one job as `squeue` says it, in short (`R`, `PD`, `CG`, …); empty when it is not known any more. */
  stateOf(job: string): Promise<string>;
  /** Takes the power off a node: nothing on it gets to know. */
  crash(node: string): Promise<void>;
  /** Ends only Slurm's daemon of a node; what runs on it goes on. */
  killDaemon(node: string): Promise<void>;
  /** Starts a node (again). */
  start(node: string): Promise<void>;
  /** Whether munge, through which all commands authenticate themselves, answers. */
  munge(answers: boolean): void;
  stop(): Promise<void>;
}

const PACKAGES = { munge: "/usr/sbin/munged", slurmctld: "/usr/sbin/slurmctld", slurmd: "/usr/sbin/slurmd" };
const UP_MS = 90_000;

/** Installs what is missing where that is possible. @returns null, or why these tests cannot run */
export function slurmMissing(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  return packagesMissing({ ...PACKAGES, "slurm-client": "/usr/bin/sbatch", "util-linux": "/usr/bin/unshare" });
}

export async function startSlurm(): Promise<Slurm> {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-slurm-"));
  await chmod(folder, 0o755);
  const at = (...names: string[]) => path.join(folder, ...names);
  const nodes = ["gpu1", "gpu2"];
  await directories(at, nodes);
  const ports = await freePorts(1 + nodes.length);
  await writeConfiguration(at, nodes, ports);
  const env = { SLURM_CONF: at("etc", "slurm.conf") };
  const all = { ...process.env, ...env };
  const command = async (program: string, ...args: string[]) =>
    (await run(program, args, { env: all, timeout: 15_000 })).stdout;
  const daemons = new Map<string, ChildProcess>();
  const start = (name: string, program: string, args: string[]): void => {
    // Nothing outlives the tests, also when these are killed.
    const together = ["--pdeathsig", "KILL", "--", program, ...args];
    daemons.set(name, spawn("setpriv", together, { env: all, stdio: "ignore" }));
  };
  const startNode = async (node: string): Promise<void> => {
    // A folder of a job that was there before the crash would keep a requeued one from starting.
    for (const name of readdirSync(at("spool", node)))
      await rm(at("spool", node, name), { recursive: true, force: true });
    // What listens on a host's own name must find it;.
    const script = `hostname ${node} && mount --bind ${at("etc", "hosts")} /etc/hosts || exit 1; slurmd -D -N ${node} -f "$SLURM_CONF" & wait; while :; do sleep 3600 & wait; done`;
    start(node, "unshare", ["--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "--", "sh", "-c", script]);
    await until(`${node} is ready`, async () => {
      const state = (await command("sinfo", "-h", "-N", "-n", node, "-p", "gpu", "-o", "%t")).trim();
      if (["idle", "mix", "alloc", "comp"].includes(state)) return;
      if (/down|drain/.test(state))
        await command("scontrol", "update", `nodename=${node}`, "state=resume").catch(() => "");
      throw new Error(`${state} ${await tailOf(at("log", `slurmd-${node}`))}`);
    });
  };
  const end = async (name: string, signal: NodeJS.Signals): Promise<void> => {
    const daemon = daemons.get(name);
    daemons.delete(name);
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill("SIGCONT");
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill(signal);
    await ended;
  };
  const startAll = async (): Promise<void> => {
    const socket = at("munge", "munge.socket");
    const as = ["--reuid=munge", "--regid=munge", "--clear-groups", "--"];
    start("munged", "setpriv", [
      ...as,
      "/usr/sbin/munged",
      "--foreground",
      `--key-file=${at("munge", "key")}`,
      `--log-file=${at("munge", "log")}`,
      `--pid-file=${at("munge", "pid")}`,
      `--seed-file=${at("munge", "seed")}`,
      `--socket=${socket}`,
      "--num-threads=2",
    ]);
    await until("munge answers", () => run("munge", ["-S", socket, "-n"], { timeout: 2000 }));
    start("slurmctld", "slurmctld", ["-D", "-f", env.SLURM_CONF]);
    await until("slurmctld answers", async () => {
      if (!(await command("scontrol", "ping")).includes("UP")) throw new Error(await tailOf(at("log", "slurmctld")));
    });
    for (const node of nodes) await startNode(node);
  };
  const stop = async (): Promise<void> => {
    daemons.get("munged")?.kill("SIGCONT");
    for (const node of nodes) await end(node, "SIGKILL"); // with every process on it
    await end("slurmctld", "SIGKILL");
    await end("munged", "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await startAll();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    env,
    nodes,
    command,
    stateOf: async (job) => (await command("squeue", "-h", "-j", job, "-o", "%t").catch(() => "")).trim(),
    crash: (node) => end(node, "SIGKILL"),
    async killDaemon(node) {
      for (const pid of below(daemons.get(node)?.pid))
        if (nameOf(pid).startsWith("slurmd") && nameOf(pid) !== "slurmstepd") process.kill(pid, "SIGKILL");
    },
    start: startNode,
    munge: (answers) => void daemons.get("munged")?.kill(answers ? "SIGCONT" : "SIGSTOP"),
    stop,
  };
}

async function directories(at: (...names: string[]) => string, nodes: readonly string[]): Promise<void> {
  for (const name of ["etc", "log", "state", "dev", ...nodes.map((node) => path.join("spool", node))])
    await mkdir(at(name), { recursive: true, mode: 0o755 });
  await mkdir(at("munge"), { mode: 0o755 });
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "munge"], { encoding: "utf8" })));
  const key = at("munge", "key");
  await writeFile(key, crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o600 });
  for (const file of [key, at("munge")]) await chown(file, uid ?? 0, gid ?? 0);
}

async function writeConfiguration(
  at: (...names: string[]) => string,
  nodes: readonly string[],
  ports: readonly number[],
): Promise<void> {
  const count = cpus().length;
  const memory = Math.floor(totalmem() / 2 ** 21);
  const host = hostname().split(".")[0];
  const lines = [
    "ClusterName=rzero",
    `SlurmctldHost=${host}(127.0.0.1)`,
    "SlurmUser=root",
    "SlurmdUser=root",
    "AuthType=auth/munge",
    // A requeued job waits for the life of a credential and a second: two minutes unless it is told here.
    `AuthInfo=socket=${at("munge", "munge.socket")},cred_expire=15`,
    "CommunicationParameters=NoCtldInAddrAny,NoInAddrAny",
    `SlurmctldPort=${ports[0]}`,
    `SlurmctldPidFile=${at("log", "slurmctld.pid")}`,
    `SlurmdPidFile=${at("log", "slurmd-%n.pid")}`,
    `SlurmctldLogFile=${at("log", "slurmctld")}`,
    `SlurmdLogFile=${at("log", "slurmd-%n")}`,
    `StateSaveLocation=${at("state")}`,
    `SlurmdSpoolDir=${at("spool", "%n")}`,
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "JobAcctGatherType=jobacct_gather/none",
    "AccountingStorageType=accounting_storage/none",
    "SwitchType=switch/none",
    "MpiDefault=none",
    "MailProg=/bin/true",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_Core",
    "GresTypes=gpu",
    "SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0",
    "PreemptType=preempt/partition_prio",
    "PreemptMode=REQUEUE",
    "SlurmctldParameters=preempt_send_user_signal", // the signal that a job ordered, also when it has to make room
    "ReturnToService=2",
    "SlurmdTimeout=10",
    "MessageTimeout=20",
    "KillWait=30",
    "MinJobAge=20",
    "UnkillableStepTimeout=30",
    "RebootProgram=/bin/true",
    ...nodes.map(
      (node, i) =>
        `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[i + 1]} CPUs=${count} Boards=1 SocketsPerBoard=1 ` +
        `CoresPerSocket=${count} ThreadsPerCore=1 RealMemory=${memory} Gres=gpu:test:2 State=UNKNOWN`,
    ),
    "PartitionName=gpu Nodes=ALL Default=YES MaxTime=1-00:00:00 DefaultTime=10 PriorityTier=1 PreemptMode=REQUEUE GraceTime=60 State=UP",
    // Here a job that has to make room is told with SIGTERM, and has KillWait.
    "PartitionName=scavenger Nodes=ALL MaxTime=1-00:00:00 DefaultTime=10 PriorityTier=1 PreemptMode=REQUEUE GraceTime=0 State=UP",
    "PartitionName=urgent Nodes=ALL MaxTime=10 DefaultTime=1 PriorityTier=10 PreemptMode=OFF State=UP",
  ];
  const gpus: string[] = [];
  for (const node of nodes)
    for (const i of [0, 1]) {
      const device = at("dev", `${node}-${i}`);
      execFileSync("mknod", ["-m", "666", device, "c", "1", "3"]); // as /dev/null
      gpus.push(`NodeName=${node} Name=gpu Type=test File=${device}`);
    }
  await writeFile(at("etc", "slurm.conf"), `${lines.join("\n")}\n`);
  await writeFile(at("etc", "gres.conf"), `${gpus.join("\n")}\n`);
  await writeFile(at("etc", "hosts"), `127.0.0.1 localhost ${host} ${nodes.join(" ")}\n`);
  await writeFile(at("etc", "cgroup.conf"), "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nIgnoreSystemd=yes\n");
}

/** Pids of everything below a process. */
function below(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    const own = children === "" ? [] : children.split(" ").map(Number);
    return own.flatMap((child) => [child, ...below(child)]);
  } catch {
    return []; // gone
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) =>
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            if (address === null || typeof address === "string") reject(new Error("There is no free port."));
            else resolve(address.port);
          }),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function tailOf(file: string): Promise<string> {
  return (await readFile(file, "utf8").catch(() => "")).split("\n").slice(-6).join("\n");
}

async function until(what: string, attempt: () => Promise<unknown>): Promise<void> {
  const limit = performance.now() + UP_MS;
  for (;;) {
    const failure = await attempt().then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    if (performance.now() > limit) throw new Error(`not within ${UP_MS / 1000} s: ${what}: ${failure}`);
    await delay(100);
  }
}
