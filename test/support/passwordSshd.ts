import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Sshd, startSshd } from "./sshd.ts";

/**
 * An OpenSSH server that asks for a password by keyboard-interactive authentication and takes nothing else. PAM asks and a program of ours
 * compares; its rules lie over the machine's in the server's own mount namespace, so nothing of the machine is touched. Needs root.
 */
export async function startPasswordSshd(password: string): Promise<Sshd> {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-pam-"));
  const at = (name: string) => path.join(folder, name);
  const hash = createHash("sha256").update(password).digest("hex");
  await writeFile(at("check"), `#!/bin/sh\n[ "$(tr -d '\\0' | sha256sum | cut -c1-64)" = ${hash} ]\n`, { mode: 0o700 });
  const rules = [
    `auth required pam_exec.so quiet expose_authtok ${at("check")}`,
    "auth required pam_permit.so", // for what comes after the question
    "account required pam_permit.so",
    "session required pam_permit.so",
  ];
  await writeFile(at("rules"), `${rules.join("\n")}\n`);
  const script = 'mount --bind "$0" /etc/pam.d/sshd && exec /usr/sbin/sshd "$@"';
  const start = `#!/bin/sh\nexec unshare --mount -- sh -c '${script}' ${at("rules")} "$@"\n`;
  await writeFile(at("sshd"), start, { mode: 0o700 });
  const config = ["UsePAM yes", "KbdInteractiveAuthentication yes", "PubkeyAuthentication no", "PermitRootLogin yes"];
  const remove = () => rm(folder, { recursive: true, force: true });
  const sshd = await startSshd({ config: config.join("\n"), program: at("sshd") }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  await sshd.configure("  PreferredAuthentications keyboard-interactive\n");
  return {
    ...sshd,
    async stop() {
      await sshd.stop();
      await remove();
    },
  };
}
