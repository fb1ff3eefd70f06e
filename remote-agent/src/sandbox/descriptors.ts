import { readdirSync, readFileSync } from "node:fs";

const O_CLOEXEC = 0o2000000;

/**
 * File descriptors that this process was itself started with and would hand on to every program it starts, such as a
 * terminal's or a log's: Node opens its own so that they close by themselves. Linux only; empty elsewhere.
 */
export function inheritableDescriptors(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((name) => {
    const descriptor = Number(name);
    return descriptor > 2 && isInheritable(name) ? [descriptor] : [];
  });
}

function isInheritable(name: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    return false; // closed since the folder was read
  }
}
