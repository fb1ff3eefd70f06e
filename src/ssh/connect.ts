import { KEX_OF_BUILT_IN, KEY_TYPES_OF_BUILT_IN } from "./builtInAlgorithms.ts";
import { connectBuiltIn } from "./builtInTransport.ts";
import { Deadline } from "./deadline.ts";
import { evidenceOf, judge, preferredKeyTypes } from "./hostKey.ts";
import { type KeyFile, readKeyFile } from "./keyFile.ts";
import { type KnownHost, knownHostsName, speaksOf } from "./knownHosts.ts";
import { readKnownHosts, rememberKey } from "./knownHostsFiles.ts";
import { HUMAN_MS, type Prompter } from "./prompter.ts";
import { proxyStream } from "./proxyStream.ts";
import type { ResolvedHost } from "./resolvedHost.ts";
import { type Route, routeTo } from "./route.ts";
import { english, say } from "./sentence.ts";
import { hasLiveMaster, resolveHost, type SystemSsh } from "./systemSsh.ts";
import { connectSystem } from "./systemTransport.ts";
import { type Transport, TransportError } from "./transport.ts";

export interface Connector {
  readonly ssh: SystemSsh;
  /** Where keys that the person accepted are kept. */
  readonly acceptedKeys: string;
  readonly prompter: Prompter;
  readonly log: (line: string) => void;
}

const MACHINE_MS = 30_000;

/** Connects to a host by the name it has in the SSH configuration. @throws TransportError */
export async function connectTo(connector: Connector, alias: string, signal?: AbortSignal): Promise<Transport> {
  const { ssh, acceptedKeys, log } = connector;
  const host = await resolveHost(ssh, alias);
  const machineMs = host.connectTimeout === null ? MACHINE_MS : Math.max(host.connectTimeout * 1000, 1000);
  const deadline = new Deadline(alias, machineMs, signal);
  try {
    const files = [acceptedKeys, ...host.userKnownHosts, ...host.globalKnownHosts];
    const [known, keys, liveMaster] = await Promise.all([
      readKnownHosts(files),
      Promise.all(host.identityFiles.map(readKeyFile)),
      hasLiveMaster(ssh, host),
    ]);
    const usable = keys.filter((key): key is KeyFile => key !== null);
    const route = routeTo(host, await factsOf(host, known, usable, liveMaster));
    const system = () =>
      connectSystem({
        ssh,
        host,
        liveMaster,
        knownHosts: [acceptedKeys, ...host.userKnownHosts],
        prompter: connector.prompter,
        deadline,
      });
    log(`${alias}: ${said(route)}`);
    if (route.via === "none") throw new TransportError("negotiation", route.because);
    if (route.via === "system") return await system();
    try {
      return await builtIn(connector, host, known, usable, deadline);
    } catch (error) {
      // No algorithm in common means that nothing was sent: ssh may know newer ones, such as post-quantum key exchange.
      if (!(error instanceof TransportError) || error.reason !== "negotiation") throw error;
      log(`${alias}: ${error.message} The system's ssh takes over.`);
      return await system();
    }
  } finally {
    deadline.done();
  }
}

async function builtIn(
  { ssh, acceptedKeys, prompter }: Connector,
  host: ResolvedHost,
  known: readonly KnownHost[],
  keys: readonly KeyFile[],
  deadline: Deadline,
): Promise<Transport> {
  const verify = async (key: Buffer): Promise<void> => {
    const evidence = evidenceOf(host, key, known);
    const verdict = judge(evidence, host.strictHostKeyChecking);
    if (verdict.kind === "trusted") return;
    if (verdict.kind === "refused") throw new TransportError("host_key", verdict.sentence);
    if (verdict.kind === "ask") {
      const accepted = await deadline.human(HUMAN_MS, (signal) =>
        prompter.acceptHostKey(evidence, verdict.otherTypesKnown, signal),
      );
      if (!accepted) {
        throw new TransportError(
          "host_key",
          say`The host key of ${host.alias} was not accepted; nothing was sent to it.`,
        );
      }
    }
    await rememberKey(acceptedKeys, evidence.name, key, host.hashKnownHosts);
  };
  const proxy = await proxyStream(ssh, host, prompter, deadline);
  const socket = host.identityAgent === null ? (ssh.env["SSH_AUTH_SOCK"] ?? null) : host.identityAgent;
  try {
    const transport = await connectBuiltIn({
      host,
      verify,
      keyTypes: preferredKeyTypes(host, known, KEY_TYPES_OF_BUILT_IN),
      sock: proxy?.sock ?? null,
      agentSocket: socket === "none" ? null : socket,
      keys,
      prompter,
      deadline,
    });
    transport.closed.then(() => proxy?.close());
    return transport;
  } catch (error) {
    await proxy?.close();
    throw error;
  }
}

async function factsOf(
  host: ResolvedHost,
  known: readonly KnownHost[],
  keys: readonly KeyFile[],
  liveMaster: boolean,
): Promise<Parameters<typeof routeTo>[1]> {
  const own = known.filter((line) => speaksOf(line, knownHostsName(host)));
  const certificates = await Promise.all(keys.map(({ path }) => readKeyFile(`${path}-cert.pub`)));
  return {
    liveMaster,
    identityTypes: keys.flatMap(({ type }) => type ?? []),
    certificateBeside: certificates.some((file) => file !== null),
    knownByAuthorityOnly:
      own.some((line) => line.marker === "cert-authority") && !own.some((line) => line.marker === null),
    builtInKex: KEX_OF_BUILT_IN,
    systemSshPresent: true, // `ssh -G` has just run
  };
}

function said(route: Route): string {
  return route.via === "built-in" ? "connecting" : `${english(route.because)}: the system's ssh is used`;
}
