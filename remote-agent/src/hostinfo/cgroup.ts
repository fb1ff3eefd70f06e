/** What a container (or Slurm, or systemd) allows this process; null where nothing is limited or nothing can be read. */
export interface CgroupLimits {
  /** Bytes. `used` leaves out file pages that the kernel would give back first. */
  memory: { limit: number; used: number } | null;
  /** Cores, by quota. */
  cores: number | null;
}

/** Reads a file, null when there is none. */
export type ReadText = (path: string) => string | null;

const MOUNT = "/sys/fs/cgroup";
/** cgroup v1 writes "no limit" as the largest multiple of a page; no machine has so much. */
const UNLIMITED = 2 ** 60;

/** cgroup v2, or v1 where its controllers are mounted. The tightest limit of the group and those above it counts. */
export function cgroupLimits(read: ReadText): CgroupLimits {
  const lines = (read("/proc/self/cgroup") ?? "").trim().split("\n");
  const groups = lines.map((line) => line.split(":"));
  const unified = groups
    .find(([id, controllers]) => id === "0" && controllers === "")
    ?.slice(2)
    .join(":");
  const ofController = (name: string) =>
    groups
      .find(([, controllers]) => controllers?.split(",").includes(name))
      ?.slice(2)
      .join(":");
  const memoryV1 = ofController("memory");
  const cpuV1 = ofController("cpu");
  return {
    memory:
      memoryV1 !== undefined
        ? memory(read, chain(`${MOUNT}/memory`, memoryV1), V1_MEMORY)
        : memory(read, chain(MOUNT, unified ?? "/"), V2_MEMORY),
    cores:
      cpuV1 !== undefined
        ? tightest([...chain(`${MOUNT}/cpu`, cpuV1), ...chain(`${MOUNT}/cpu,cpuacct`, cpuV1)].map(coresV1(read)))
        : tightest(chain(MOUNT, unified ?? "/").map((directory) => coresV2(read(`${directory}/cpu.max`)))),
  };
}

const V2_MEMORY = { limit: "memory.max", used: "memory.current", cache: "inactive_file" };
const V1_MEMORY = { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cache: "total_inactive_file" };

function memory(read: ReadText, directories: string[], names: typeof V2_MEMORY): CgroupLimits["memory"] {
  let found: CgroupLimits["memory"] = null;
  for (const directory of directories) {
    const limit = numberOf(read(`${directory}/${names.limit}`));
    const used = numberOf(read(`${directory}/${names.used}`));
    if (limit === null || used === null || limit >= UNLIMITED || (found !== null && found.limit <= limit)) continue;
    const cache = new RegExp(`^${names.cache} (\\d+)$`, "m").exec(read(`${directory}/memory.stat`) ?? "")?.[1];
    found = { limit, used: Math.max(0, used - Number(cache ?? 0)) };
  }
  return found;
}

/** `cpu.max` is "quota period" or "max period", in microseconds. */
function coresV2(text: string | null): number | null {
  const [quota, period] = (text ?? "").trim().split(" ").map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
}

function coresV1(read: ReadText): (directory: string) => number | null {
  return (directory) => {
    const quota = numberOf(read(`${directory}/cpu.cfs_quota_us`));
    const period = numberOf(read(`${directory}/cpu.cfs_period_us`));
    return quota !== null && period !== null && quota > 0 && period > 0 ? quota / period : null;
  };
}

/**
 * The directories of a group and those above it, up to the mount. Without a cgroup namespace the path is the host's and
 * may not be visible; what cannot be read is passed over.
 */
function chain(mount: string, group: string): string[] {
  const parts = group.split("/").filter((part) => part !== "" && part !== "..");
  return Array.from({ length: parts.length + 1 }, (_, up) => [mount, ...parts.slice(0, parts.length - up)].join("/"));
}

function tightest(limits: (number | null)[]): number | null {
  const known = limits.filter((limit) => limit !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function numberOf(text: string | null): number | null {
  const trimmed = (text ?? "").trim();
  return /^-?\d+$/.test(trimmed) ? Number(trimmed) : null;
}
