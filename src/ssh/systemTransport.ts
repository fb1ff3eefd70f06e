import { spawn } from "node:child_process";
import { deferred } from "../deferred.ts";
import { channelTransport } from "./channelTransport.ts";
import { processChannel } from "./localTransport.ts";
import { say } from "./sentence.ts";
import { type MasterOptions, openMaster } from "./sshMaster.ts";
import { configArguments } from "./systemSsh.ts";
import { type Transport, TransportError } from "./transport.ts";

/**
 * A connection by the system's ssh, shared by all channels: the user's own where one is alive, else one of ours.
 *
 * @throws TransportError
 */
export async function connectSystem({
  liveMaster,
  ...options
}: MasterOptions & { liveMaster: boolean }): Promise<Transport> {
  const { ssh, host } = options;
  const master = liveMaster ? null : await openMaster(options);
  const shared = master?.shared ?? configArguments(ssh);
  const gone = deferred<TransportError | null>();
  let ours = false;
  master?.ended.then((said) => {
    gone.resolve(ours ? null : new TransportError("lost", say`The connection to ${host.alias} was lost.`, said));
  });
  return channelTransport({
    host: host.alias,
    via: "system",
    open: (command, signal) => {
      const child = spawn(ssh.program, [...shared, "-T", "-o", "BatchMode=yes", "--", host.alias, command], {
        stdio: "pipe",
        detached: true,
        env: ssh.env,
      });
      return processChannel(child, host.alias, signal);
    },
    closed: gone.promise,
    close: async () => {
      ours = true;
      await master?.close();
      gone.resolve(null);
    },
  });
}
