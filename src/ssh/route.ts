import type { ResolvedHost } from "./resolvedHost.ts";
import { type Sentence, say } from "./sentence.ts";

/** What lies on this machine that `ssh -G` does not tell. */
export interface RouteFacts {
  /** A ControlMaster of the user's is alive at the host's ControlPath. */
  readonly liveMaster: boolean;
  /** Key types of the identity files that exist, read from their public halves. */
  readonly identityTypes: readonly string[];
  /** An identity has a certificate beside it (`id_ed25519-cert.pub`). */
  readonly certificateBeside: boolean;
  /** The host is known only through a certificate authority. */
  readonly knownByAuthorityOnly: boolean;
  /** Key exchanges the built-in client has. */
  readonly builtInKex: readonly string[];
  /** Windows has no ControlMaster and no unix socket to ask for passphrases over. */
  readonly systemSshPresent: boolean;
}

export type Route =
  | { readonly via: "built-in" }
  | { readonly via: "system"; readonly because: Sentence }
  | { readonly via: "none"; readonly because: Sentence };

/** Which client reaches a host: the built-in one (ssh2), or the system's `ssh` for what that cannot do. */
export function routeTo(host: ResolvedHost, facts: RouteFacts): Route {
  const because = needsSystemSsh(host, facts);
  if (because === null) return { via: "built-in" };
  if (facts.systemSshPresent) return { via: "system", because };
  return {
    via: "none",
    because: say`${host.alias} needs the system's ssh (${because}), which is not installed: install OpenSSH.`,
  };
}

function needsSystemSsh(host: ResolvedHost, facts: RouteFacts): Sentence | null {
  if (facts.liveMaster) return say`a shared connection to it is open`;
  if (host.pkcs11Provider !== null) return say`its key is on a smart card (PKCS#11)`;
  if (facts.identityTypes.length > 0 && facts.identityTypes.every((type) => type.startsWith("sk-")))
    return say`its key is on a security key (FIDO)`;
  if (host.certificateFiles.length > 0 || facts.certificateBeside) return say`it uses a user certificate`;
  if (host.knownHostsCommand !== null) return say`its host keys come from a KnownHostsCommand`;
  if (facts.knownByAuthorityOnly) return say`its host key is vouched for by a certificate authority`;
  if (host.kexAlgorithms.length > 0 && !host.kexAlgorithms.some((kex) => facts.builtInKex.includes(kex)))
    return say`only key exchanges that the built-in client lacks are allowed for it`;
  return null;
}
