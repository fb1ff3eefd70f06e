import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { openAskpass } from "./askpass.ts";
import type { Deadline } from "./deadline.ts";
import { processChannel } from "./localTransport.ts";
import type { Prompter } from "./prompter.ts";
import type { ResolvedHost } from "./resolvedHost.ts";
import { answersTo } from "./sshQuestion.ts";
import { configArguments, type SystemSsh, strictArguments } from "./systemSsh.ts";

/** A byte stream to a host's SSH port through its jump host or proxy command. @throws TransportError */
export async function proxyStream(
  ssh: SystemSsh,
  host: ResolvedHost,
  prompter: Prompter,
  deadline: Deadline,
): Promise<{ sock: Duplex; close: () => Promise<void> } | null> {
  if (host.proxyJump === null && host.proxyCommand === null) return null;
  const askpass = await openAskpass(answersTo(host.alias, prompter, deadline));
  // ProxyJump may be a chain: all but the last are jumps of the last.
  const hops = host.proxyJump?.split(",") ?? [];
  const last = hops.at(-1);
  const before = hops.slice(0, -1).join(",");
  const target = `${host.hostname.includes(":") ? `[${host.hostname}]` : host.hostname}:${host.port}`;
  const child =
    last === undefined
      ? spawn("/bin/sh", ["-c", `exec ${expandTokens(host.proxyCommand ?? "", host)}`], {
          stdio: "pipe",
          detached: true,
          env: { ...ssh.env, ...askpass.env },
        })
      : spawn(
          ssh.program,
          [
            ...configArguments(ssh),
            ...strictArguments(),
            ...(before === "" ? [] : ["-J", before]),
            "-W",
            target,
            "--",
            jumpName(last),
          ],
          { stdio: "pipe", detached: true, env: { ...ssh.env, ...askpass.env } },
        );
  const channel = await processChannel(child, host.alias, deadline.signal);
  let errors = "";
  channel.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString("utf8")).slice(-4000);
  });
  const sock = Duplex.from({ readable: channel.stdout, writable: channel.stdin });
  channel.ended.then(() => {
    const said = errors.trim().split("\n").at(-1);
    if (said !== undefined && said !== "" && !sock.destroyed) {
      sock.destroy(new Error(`the way through ${last ?? "the proxy command"} ended: ${said}`));
    }
    askpass.close();
  });
  return {
    sock,
    close: async () => {
      channel.kill();
      await askpass.close();
    },
  };
}

function jumpName(hop: string): string {
  return hop.includes("://") || !hop.includes(":") || hop.includes("[") ? hop : `ssh://${hop}`;
}

/** The tokens that ssh_config(5) allows in a ProxyCommand. */
function expandTokens(command: string, host: ResolvedHost): string {
  const values: Record<string, string> = {
    "%": "%",
    h: host.hostname,
    n: host.alias,
    p: String(host.port),
    r: host.user,
  };
  return command.replace(/%([%hnpr])/g, (_, token: string) => values[token] ?? "");
}
