import { packagesMissing } from "./debianPackages.ts";

/** Installs bubblewrap where that is possible. @returns null, or why these tests cannot run */
export function bubblewrapMissing(): string | null {
  return process.platform === "linux" ? packagesMissing({ bubblewrap: "/usr/bin/bwrap" }) : "needs Linux";
}
