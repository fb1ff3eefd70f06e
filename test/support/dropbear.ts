import { execFileSync, spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import path from "node:path";
import { packagesMissing } from "./debianPackages.ts";
import { freePort, listening, type Sshd } from "./sshd.ts";

const DROPBEAR = "/usr/sbin/dropbear";

/** Installs Debian's Dropbear where that is possible. @returns null, or why it cannot be used */
export function dropbearMissing(): string | null {
  if (process.getuid?.() !== 0) return "needs root (a mount namespace of its own)";
  return packagesMissing({ "dropbear-bin": DROPBEAR });
}

/**
 * A Dropbear server beside a private sshd, for the same client: its entry is `Host dropbear`. It finds keys only in a home folder, so it
 * runs in a mount namespace in which the user's home is a folder of the test. @returns how to stop it
 */
export async function startDropbear(beside: Sshd): Promise<() => Promise<void>> {
  const at = (name: string) => path.join(beside.folder, name);
  const { username, uid, gid } = userInfo();
  await mkdir(at("home/.ssh"), { recursive: true, mode: 0o700 });
  await writeFile(at("home/.ssh/authorized_keys"), await readFile(`${beside.clientKey}.pub`), { mode: 0o600 });
  const others = (await readFile("/etc/passwd", "utf8")).split("\n").filter((line) => !line.startsWith(`${username}:`));
  await writeFile(at("passwd"), [`${username}:x:${uid}:${gid}::${at("home")}:/bin/sh`, ...others].join("\n"), {
    mode: 0o644,
  });
  execFileSync("dropbearkey", ["-t", "ed25519", "-f", at("dropbear_key")], { stdio: "ignore" });
  const port = await freePort();
  const serve = `mount --bind ${at("passwd")} /etc/passwd && exec ${DROPBEAR} -F -E -s -p 127.0.0.1:${port} -r ${at("dropbear_key")} -P ${at("dropbear.pid")}`;
  const child = spawn("unshare", ["-m", "sh", "-c", serve], { stdio: "ignore" });
  await listening(port, () => child.exitCode === null);
  const printed = execFileSync("dropbearkey", ["-y", "-f", at("dropbear_key")], { encoding: "utf8" });
  const key = /^ssh-ed25519 \S+/m.exec(printed)?.[0] ?? "";
  await writeFile(beside.knownHosts, `${await readFile(beside.knownHosts, "utf8")}[127.0.0.1]:${port} ${key}\n`);
  await beside.configure(
    [
      "Host dropbear",
      "  HostName 127.0.0.1",
      `  Port ${port}`,
      `  User ${username}`,
      `  IdentityFile ${beside.clientKey}`,
      "  IdentitiesOnly yes",
      "  IdentityAgent none",
      `  UserKnownHostsFile ${beside.knownHosts}`,
      "  GlobalKnownHostsFile /dev/null",
      "",
    ].join("\n"),
  );
  return async () => {
    child.kill("SIGKILL");
    await new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve(0),
    );
  };
}
