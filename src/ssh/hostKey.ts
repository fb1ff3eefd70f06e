import { fingerprint, type KnownHost, keyTypeOf, knownHostsName, speaksOf } from "./knownHosts.ts";
import type { ResolvedHost } from "./resolvedHost.ts";
import { type Sentence, say } from "./sentence.ts";

/** What a server showed, beside what is known of it. No judgement yet. */
export interface HostKeyEvidence {
  /** The name keys are filed under. */
  readonly name: string;
  readonly keyType: string;
  readonly fingerprint: string;
  /** Lines that revoke this very key for this host. */
  readonly revokedBy: readonly KnownHost[];
  /** Lines that hold this very key for this host. */
  readonly knownBy: readonly KnownHost[];
  /** Lines with another key of the same type. */
  readonly contradictedBy: readonly KnownHost[];
  /** Lines with keys of other types only. */
  readonly otherTypes: readonly KnownHost[];
}

export type HostKeyVerdict =
  | { readonly kind: "trusted" }
  | { readonly kind: "ask"; readonly otherTypesKnown: boolean }
  | { readonly kind: "remember" }
  | {
      readonly kind: "refused";
      readonly reason: "revoked" | "changed" | "unknown" | "unreadable";
      readonly sentence: Sentence;
    };

type Named = Pick<ResolvedHost, "hostname" | "port" | "hostKeyAlias">;

/** Collects what known_hosts says of a key. As ssh does, a host on another port is also looked up without it, but only for a key that fits. */
export function evidenceOf(host: Named, key: Buffer, known: readonly KnownHost[]): HostKeyEvidence {
  const name = knownHostsName(host);
  const keyType = keyTypeOf(key) ?? "";
  const own = known.filter((line) => speaksOf(line, name));
  const keys = own.filter((line) => line.marker === null);
  const same = (line: KnownHost) => line.key.equals(key);
  const withoutPort =
    keys.length === 0 && host.hostKeyAlias === null && host.port !== 22
      ? known.filter((line) => line.marker === null && same(line) && speaksOf(line, host.hostname.toLowerCase()))
      : [];
  return {
    name,
    keyType,
    fingerprint: fingerprint(key),
    // A key that was revoked for anybody under this host's bare name is revoked on every port of it.
    revokedBy: known.filter(
      (line) =>
        line.marker === "revoked" &&
        same(line) &&
        (speaksOf(line, name) || speaksOf(line, host.hostname.toLowerCase())),
    ),
    knownBy: [...keys.filter(same), ...withoutPort],
    contradictedBy: keys.filter((line) => line.keyType === keyType && !same(line)),
    otherTypes: keys.filter((line) => line.keyType !== keyType),
  };
}

/**
 * What the evidence means. It fails closed: a revoked or changed key is refused and nobody is asked, whatever
 * StrictHostKeyChecking says; `no` is read as `ask`.
 */
export function judge(evidence: HostKeyEvidence, strict: ResolvedHost["strictHostKeyChecking"]): HostKeyVerdict {
  const { name, keyType, fingerprint: print, revokedBy, knownBy, contradictedBy, otherTypes } = evidence;
  if (keyType === "") {
    return refused("unreadable", say`${name} showed a host key that cannot be read. Nothing was sent to it.`);
  }
  if (revokedBy.length > 0) {
    const sentence = say`The ${keyType} key of ${name} (${print}) is revoked by ${places(revokedBy)}. Nothing was sent to it. Ask who runs the host.`;
    return refused("revoked", sentence);
  }
  if (knownBy.length > 0) return { kind: "trusted" };
  if (contradictedBy.length > 0) {
    const sentence = say`${name} shows another ${keyType} key (${print}) than the one known from ${places(contradictedBy)}. Somebody may be in between; nothing was sent to it. If the host was really set up anew, confirm the key with who runs it, remove that line, and connect again.`;
    return refused("changed", sentence);
  }
  if (strict === "yes") {
    const sentence = say`The ${keyType} key of ${name} (${print}) is not known, and StrictHostKeyChecking is on: add the key to known_hosts, then connect again.`;
    return refused("unknown", sentence);
  }
  if (strict === "accept-new" && otherTypes.length === 0) return { kind: "remember" };
  return { kind: "ask", otherTypesKnown: otherTypes.length > 0 };
}

/** Key types in the order in which to ask the server for them: those it is known by come first, as ssh does. */
export function preferredKeyTypes(host: Named, known: readonly KnownHost[], supported: readonly string[]): string[] {
  const name = knownHostsName(host);
  const types = new Set(
    known.flatMap((line) => (line.marker === null && speaksOf(line, name) ? algorithmsOf(line.keyType) : [])),
  );
  return [...supported.filter((type) => types.has(type)), ...supported.filter((type) => !types.has(type))];
}

/** An RSA key signs with newer hashes under other algorithm names. */
function algorithmsOf(keyType: string): string[] {
  return keyType === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [keyType];
}

function places(lines: readonly KnownHost[]): string {
  return lines.map(({ file, line }) => `${file}:${line}`).join(", ");
}

function refused(reason: "revoked" | "changed" | "unknown" | "unreadable", sentence: Sentence): HostKeyVerdict {
  return { kind: "refused", reason, sentence };
}
