import type { Duplex } from "node:stream";
import ssh2, { type Client, type ConnectConfig, type ServerHostKeyAlgorithm } from "ssh2";
import { deferred } from "../deferred.ts";
import { authenticator } from "./authenticator.ts";
import type { Channel } from "./channel.ts";
import { channelTransport } from "./channelTransport.ts";
import type { Deadline } from "./deadline.ts";
import type { KeyFile } from "./keyFile.ts";
import type { Prompter } from "./prompter.ts";
import type { ResolvedHost } from "./resolvedHost.ts";
import { say } from "./sentence.ts";
import { type Transport, TransportError } from "./transport.ts";

/** ssh2 accepts any key unless it is given a verifier, so there is no way to connect here without one. */
export type VerifyHostKey = (key: Buffer) => Promise<void>;

export interface BuiltInOptions {
  readonly host: ResolvedHost;
  /** Answers when the key may be used. @throws TransportError `host_key` else */
  readonly verify: VerifyHostKey;
  readonly keyTypes: readonly string[];
  /** A stream to the server through a proxy; null: a TCP connection of its own. */
  readonly sock: Duplex | null;
  readonly agentSocket: string | null;
  readonly keys: readonly KeyFile[];
  readonly prompter: Prompter;
  readonly deadline: Deadline;
}

const KEEPALIVE_MS = 15_000;
const KEEPALIVE_MISSES = 3;

/** A connection by ssh2. @throws TransportError */
export async function connectBuiltIn(options: BuiltInOptions): Promise<Transport> {
  const { host, verify, keyTypes, sock, deadline } = options;
  const client = new ssh2.Client();
  const gone = deferred<TransportError | null>();
  let refusal: unknown = null;
  let lastError: Error | null = null;
  let ours = false;
  const config: ConnectConfig = {
    host: host.hostname,
    port: host.port,
    username: host.user,
    ...(sock === null ? {} : { sock }),
    readyTimeout: 0, // the deadline is ours: it stands still while a person is asked
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: KEEPALIVE_MISSES,
    algorithms: { serverHostKey: [...keyTypes] as ServerHostKeyAlgorithm[] },
    hostVerifier: (key: Buffer, answer: (ok: boolean) => void) => {
      verify(key).then(
        () => answer(true),
        (error) => {
          refusal = error;
          answer(false);
        },
      );
    },
    authHandler: authenticator(options),
  };
  client.on("error", (error: Error & { level?: string }) => {
    if (error.level !== "agent") lastError = error; // one key less; the next is tried
  });
  const ready = new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.once("close", () => reject(refusal ?? failure(host, lastError)));
    client.on("error", (error: Error & { level?: string }) => {
      if (error.level !== "agent") reject(refusal ?? failure(host, error));
    });
    deadline.signal.addEventListener("abort", () => reject(deadline.signal.reason), { once: true });
    if (deadline.signal.aborted) reject(deadline.signal.reason);
  });
  try {
    client.connect(config);
    await ready;
  } catch (error) {
    client.destroy();
    throw error;
  }
  client.setNoDelay(true); // small messages both ways: without it, each may wait for the answer to the one before
  client.once("close", () => {
    const why = lastError === null ? "" : ` (${lastError.message})`;
    gone.resolve(ours ? null : new TransportError("lost", say`The connection to ${host.alias} was lost${why}.`));
  });
  return channelTransport({
    host: host.alias,
    via: "built-in",
    open: (command, signal) => openChannel(client, host.alias, command, signal),
    closed: gone.promise,
    close: async () => {
      ours = true;
      client.end();
      const closed = await Promise.race([
        gone.promise,
        new Promise((resolve) => setTimeout(resolve, 2000, "late").unref()),
      ]);
      if (closed === "late") client.destroy();
    },
  });
}

async function openChannel(client: Client, host: string, command: string, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) return give();
    signal.addEventListener("abort", give, { once: true });
    try {
      client.exec(command, (error, channel) => {
        signal.removeEventListener("abort", give);
        if (error) return reject(new TransportError("failed", say`${host} refused to run a command: ${error.message}`));
        const ended = new Promise<{ code: number | null }>((done) => {
          let code: number | null = null;
          channel.on("exit", (status: number | null) => {
            code = typeof status === "number" ? status : null;
          });
          channel.once("close", () => done({ code }));
        });
        channel.on("error", () => undefined); // closing follows
        channel.stderr.on("error", () => undefined);
        const kill = () => {
          channel.signal("KILL"); // not every server listens; closing ends what reads its input
          channel.close();
        };
        if (signal.aborted) kill();
        resolve({ stdin: channel, stdout: channel, stderr: channel.stderr, ended, kill });
      });
    } catch (error) {
      signal.removeEventListener("abort", give);
      reject(new TransportError("lost", say`There is no connection to ${host}.`, String(error)));
    }
  });
}

/** What a failure to connect means for the user. */
export function failure(host: ResolvedHost, error: (Error & { level?: string; code?: string }) | null): TransportError {
  const detail = error?.message ?? null;
  const place = `${host.hostname}:${host.port}`;
  if (error?.level === "client-authentication") {
    const sentence = say`${host.alias} took none of the keys or answers offered for user ${host.user}: check User and IdentityFile in your SSH configuration, or add your key to the host's authorized_keys.`;
    return new TransportError("authentication", sentence, detail);
  }
  if (error !== null && /no matching|handshake failed/i.test(error.message)) {
    const sentence = say`${host.alias} and the built-in SSH client have no algorithm in common (${error.message}).`;
    return new TransportError("negotiation", sentence, detail);
  }
  switch (error?.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new TransportError(
        "unreachable",
        say`The name ${host.hostname} of ${host.alias} is not known: check HostName and your network.`,
        detail,
      );
    case "ECONNREFUSED":
      return new TransportError(
        "unreachable",
        say`Nothing listens at ${place} of ${host.alias}: check that its SSH server runs and the port is right.`,
        detail,
      );
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return new TransportError(
        "unreachable",
        say`${place} of ${host.alias} cannot be reached: check your network or VPN.`,
        detail,
      );
    default: {
      const why = detail === null ? "it closed the connection" : detail;
      return new TransportError("unreachable", say`${host.alias} (${place}) could not be connected: ${why}.`, detail);
    }
  }
}
