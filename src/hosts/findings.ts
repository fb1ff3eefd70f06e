import type { HostFacts } from "./hostFacts.ts";
import { nodeOf, OLDEST_NODE } from "./nodeOf.ts";
import { isNewEnough, OLDEST_PYTHON, pythonOf } from "./pythonOf.ts";

/** One line of the report on a host. `blocked`: nothing can run there before it is mended. */
export interface Finding {
  readonly topic: string;
  readonly status: "ok" | "note" | "warning" | "blocked";
  readonly says: string;
  readonly remedy: string | null;
}

/** The Python environment, the demo's checkpoints and some room: KiB. */
const ROOM_KIB = 4 * 2 ** 20;
const GPU_BUSY_MIB = 1024;

/** What the facts mean for runs on this host, the most basic first. */
export function findingsOf(facts: HostFacts): Finding[] {
  return [
    system(facts),
    room(facts),
    python(facts),
    node(facts),
    gpus(facts),
    slurm(facts),
    sandbox(facts),
    tools(facts),
  ].flat();
}

function system({ os, system: name, cpus, memory, loginShell }: HostFacts): Finding[] {
  const supported = /^(Linux (x86_64|aarch64|arm64)|Darwin )/.test(os);
  const size = [
    cpus === null ? "" : `${cpus} cores`,
    memory === null ? "" : `${gib(memory.totalKib)} of memory, ${gib(memory.availableKib)} free`,
  ];
  const says = [name ?? os, os, ...size, loginShell].filter((part) => part !== "").join(" · ");
  if (supported) return [ok("System", says)];
  return [
    {
      topic: "System",
      status: "blocked",
      says,
      remedy: "Runs need Linux on x86-64 or ARM64, or macOS; on Windows use WSL.",
    },
  ];
}

function room({ root, rootWritable, disk, quota }: HostFacts): Finding[] {
  if (!rootWritable) {
    return [
      {
        topic: "Disk",
        status: "blocked",
        says: `${root} cannot be written.`,
        remedy: "Choose another folder for this host in the setting rzero.hosts.",
      },
    ];
  }
  if (disk === null) return [{ topic: "Disk", status: "note", says: `The room at ${root} is unknown.`, remedy: null }];
  const says = `${gib(disk.freeKib)} of ${gib(disk.totalKib)} free at ${disk.mount}, for ${root}`;
  const limits: Finding[] = quota.map((line) => ({ topic: "Quota", status: "note", says: line, remedy: null }));
  if (disk.freeKib >= ROOM_KIB) return [ok("Disk", says), ...limits];
  const remedy = `Free some space or choose a larger disk in rzero.hosts: the Python environment and a small run need about ${gib(ROOM_KIB)}.`;
  return [{ topic: "Disk", status: "warning", says, remedy }, ...limits];
}

function python({ pythons }: HostFacts): Finding[] {
  const told = pythons.map(({ version, path }) => `${version.join(".")} (${path})`).join(", ");
  const fit = pythonOf(pythons);
  if (fit !== null) return [ok("Python", `${fit.version.join(".")} at ${fit.path}`)];
  const oldest = OLDEST_PYTHON.slice(0, 2).join(".");
  if (pythons.some(({ version }) => isNewEnough(version))) {
    return [
      {
        topic: "Python",
        status: "blocked",
        says: `${told}, without venv and pip`,
        remedy: "Install them (Debian and Ubuntu: apt install python3-venv), or load a module that has them.",
      },
    ];
  }
  const says = pythons.length === 0 ? "No Python 3 was found." : `Only ${told}: too old.`;
  return [
    {
      topic: "Python",
      status: "blocked",
      says,
      remedy: `Install Python ${oldest} or newer, or name one: lines such as “module load python/3.11” go into rzero.hosts.`,
    },
  ];
}

function node({ nodes }: HostFacts): Finding[] {
  const fit = nodeOf(nodes);
  if (fit !== null) return [ok("Node", `${fit.version.join(".")} at ${fit.path}`)];
  const found =
    nodes.length === 0 ? "none is there" : `only ${nodes.map(({ version }) => version.join(".")).join(", ")}`;
  return [
    {
      topic: "Node",
      status: "note",
      says: `${OLDEST_NODE.slice(0, 2).join(".")} or newer is needed, ${found}.`,
      remedy: "Nothing to do: one is brought along when a run is launched, and removed with the agent.",
    },
  ];
}

function gpus({ gpus: all, gpuError }: HostFacts): Finding[] {
  if (gpuError !== null) {
    return [
      {
        topic: "GPU",
        status: "warning",
        says: `nvidia-smi failed: ${gpuError}`,
        remedy: "The driver is not in order; runs would use the CPU. Ask who runs the host.",
      },
    ];
  }
  if (all.length === 0)
    return [
      {
        topic: "GPU",
        status: "note",
        says: "No NVIDIA GPU is visible here.",
        remedy: "On a cluster's login node that is usual. Without one, only very small models make sense.",
      },
    ];
  return all.map(({ index, name, memoryMib, usedMib, busy, driver }): Finding => {
    const says = `${index}: ${name}, ${gib(memoryMib * 1024)}, ${gib(usedMib * 1024)} in use${busy === null ? "" : `, ${busy} % busy`}, driver ${driver}`;
    if (usedMib <= GPU_BUSY_MIB) return ok("GPU", says);
    return {
      topic: "GPU",
      status: "warning",
      says,
      remedy: "Somebody works on it; choose others with “gpus” in rzero.hosts.",
    };
  });
}

function slurm({ slurm: found }: HostFacts): Finding[] {
  if (found === null) return [];
  if (found.error !== null) {
    return [
      {
        topic: "Slurm",
        status: "warning",
        says: `${found.version}: ${found.error}`,
        remedy: "Jobs cannot be submitted now. Ask who runs the cluster.",
      },
    ];
  }
  const partitions = found.partitions.map(partition).join("; ");
  return [
    {
      ...ok("Slurm", `${found.version}: ${partitions || "no partitions"}`),
      remedy: "To run as batch jobs, set “slurm” for this host in rzero.hosts (docs/slurm.md).",
    },
  ];
}

/** `gpu*|up|1-00:00:00|2|gpu:a100:4`, as the probe asks for it: a partition, its limit and what its nodes have. */
function partition(line: string): string {
  const [name = "", available = "", limit = "", nodes = "", gres = ""] = line.split("|");
  if (gres === "") return line;
  const parts = [
    available === "up" ? "" : available,
    limit === "infinite" ? "no time limit" : `at most ${limit}`,
    nodes === "1" ? "1 node" : `${nodes} nodes`,
    gres === "(null)" ? "no GPUs" : gres,
  ];
  return `${name.replace("*", " (default)")}: ${parts.filter((part) => part !== "").join(", ")}`;
}

function sandbox({ sandbox: said }: HostFacts): Finding[] {
  if (said === "ok") return [ok("Sandbox", "bubblewrap works: answers are graded symbolically, inside it.")];
  const says = said === null ? "bubblewrap is not installed." : `bubblewrap does not work here: ${said}`;
  return [
    {
      topic: "Sandbox",
      status: "warning",
      says,
      remedy:
        "Answers are then graded by plain rules only. Debian and Ubuntu: apt install bubblewrap; the kernel must allow user namespaces.",
    },
  ];
}

function tools({ tools: all }: HostFacts): Finding[] {
  const hash = ["sha256sum", "shasum", "openssl"].some((tool) => all.includes(tool));
  const missing = [...["base64", "tar", "gzip"].filter((tool) => !all.includes(tool)), ...(hash ? [] : ["sha256sum"])];
  if (missing.length === 0) return [];
  return [
    {
      topic: "Tools",
      status: "blocked",
      says: `Missing: ${missing.join(", ")}.`,
      remedy: "Install them (coreutils, tar, gzip).",
    },
  ];
}

function ok(topic: string, says: string): Finding {
  return { topic, status: "ok", says, remedy: null };
}

function gib(kib: number): string {
  const value = kib / 2 ** 20;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} GiB`;
}
