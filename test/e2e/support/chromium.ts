import { existsSync } from "node:fs";
import { packagesMissing } from "../../support/debianPackages.ts";

const debian = "/usr/bin/chromium";
const places = [process.env["CHROMIUM_PATH"], debian, "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The Chromium of this machine; as root on Debian it is installed when there is none. @throws with what to do */
export function findChromium(): string {
  const there = () => places.find((path) => path !== undefined && existsSync(path));
  if (there() === undefined) packagesMissing({ chromium: debian });
  const found = there();
  if (found === undefined) throw new Error("needs Chromium: apt-get install chromium, or set CHROMIUM_PATH");
  return found;
}
