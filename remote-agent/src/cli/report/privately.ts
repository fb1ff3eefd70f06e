import { homedir, hostname } from "node:os";

/** Words of this machine that a report is not to tell: its name, and where its user's files lie. */
export interface MachineWords {
  readonly host: string;
  readonly home: string;
}

export function machineWords(): MachineWords {
  return { host: hostname(), home: homedir() };
}

/** A text without the machine's name, and with only the last step of every path and none of an address. */
export function privately(text: string, { host, home }: MachineWords): string {
  const short = host.split(".", 1)[0] ?? "";
  const names = [host, short]
    .filter((name) => name.length > 2)
    .map((name) => new RegExp(`\\b${escapedForRegExp(name)}\\b`, "gi"));
  const withoutHost = names.reduce((known, name) => known.replace(name, "(host)"), text.replaceAll(home, "~"));
  return withoutHost
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, "(address)")
    .replace(/(?:~|\B\/|\b[A-Za-z]:\\)[^\s"'<>:;,]*[/\\]([^\s"'<>:;,/\\]+)/g, "…/$1");
}

function escapedForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
