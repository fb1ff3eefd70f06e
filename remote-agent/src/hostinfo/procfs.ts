/** What Linux tells in /proc, parsed; null where the text is not what proc(5) describes. */

/** Ticks since boot of all cores together. */
export interface CpuTimes {
  busy: number;
  total: number;
}

/** /proc/stat. Time that was waited for the disk or stolen by the hypervisor was not ours: it counts as not busy. */
export function parseCpuTimes(stat: string): CpuTimes | null {
  const fields = /^cpu +([0-9 ]+)$/m.exec(stat)?.[1]?.split(" ").map(Number);
  if (fields === undefined || fields.length < 4) return null;
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = fields;
  // guest and guest_nice are contained in user and nice.
  const busy = user + nice + system + irq + softirq;
  return { busy, total: busy + idle + iowait + steal };
}

/** /proc/meminfo, in bytes. */
export function parseMeminfo(meminfo: string): { total: number; available: number } | null {
  const bytes = (name: string) => {
    const kib = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(meminfo)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  };
  const [total, available] = [bytes("MemTotal"), bytes("MemAvailable") ?? bytes("MemFree")];
  return total === null || available === null ? null : { total, available };
}

/** /proc/<pid>/stat: CPU ticks of the process, and resident pages. The name may hold anything, parentheses too. */
export function parseProcessStat(stat: string): { ticks: number; pages: number } | null {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // proc_pid_stat(5), counted from field 3: utime 14, stime 15, rss 24.
  const [utime, stime, rss] = [fields[11], fields[12], fields[21]].map(Number);
  if (![utime, stime, rss].every(Number.isFinite)) return null;
  return { ticks: Number(utime) + Number(stime), pages: Number(rss) };
}
