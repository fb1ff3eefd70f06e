import { readFileSync } from "node:fs";

/** Kernel clock ticks a second; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** User and system CPU seconds of a living process and its ended children; null where the system does not tell. */
export function cpuSecondsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc_pid_stat(5): fields 14 to 17, counted after the name in parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks), 0) / TICKS;
  } catch {
    return null;
  }
}
