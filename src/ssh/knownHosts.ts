import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** One usable line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  readonly marker: "revoked" | "cert-authority" | null;
  /** The host field as written: comma-separated patterns, or one `|1|salt|hash`. */
  readonly hosts: string;
  readonly keyType: string;
  readonly key: Buffer;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** The lines OpenSSH would use; what it would pass over (comments, damaged lines) is passed over. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split("\n").flatMap((raw, index) => {
    const fields = raw.trim().split(/\s+/);
    const first = fields[0] ?? "";
    if (first === "" || first.startsWith("#")) return [];
    const marker = first.startsWith("@") ? markerOf(first) : null;
    if (marker === undefined) return [];
    const [hosts, keyType, encoded] = marker === null ? fields : fields.slice(1);
    if (hosts === undefined || keyType === undefined || encoded === undefined) return [];
    const key = Buffer.from(encoded, "base64");
    // The key's own first field repeats its type: a line in which they differ is damaged.
    if (keyTypeOf(key) !== keyType) return [];
    return [{ marker, hosts, keyType, key, file, line: index + 1 }];
  });
}

/** The type a public key in SSH wire format says it has; null when it is none. */
export function keyTypeOf(key: Buffer): string | null {
  if (key.length < 4) return null;
  const length = key.readUInt32BE(0);
  return length > 0 && length <= 64 && key.length > 4 + length ? key.toString("latin1", 4, 4 + length) : null;
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The name a host's keys are filed under: its HostKeyAlias as it is, else `host`, or `[host]:port` away from port 22. */
export function knownHostsName(host: { hostname: string; port: number; hostKeyAlias: string | null }): string {
  if (host.hostKeyAlias !== null) return host.hostKeyAlias.toLowerCase();
  const name = host.hostname.toLowerCase();
  return host.port === 22 ? name : `[${name}]:${host.port}`;
}

/** Whether a line's host field speaks of `name`: a negated pattern that matches excludes it, whatever else does. */
export function speaksOf({ hosts }: KnownHost, name: string): boolean {
  if (hosts.startsWith("|1|")) return matchesHash(hosts, name);
  const patterns = hosts.split(",").map((pattern) => pattern.toLowerCase());
  const negated = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  if (negated.some((pattern) => matchesPattern(pattern, name))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matchesPattern(pattern, name));
}

/** A new line for an accepted key; the name is hashed on request, as `HashKnownHosts yes` does. */
export function knownHostsLine(name: string, key: Buffer, salt: Buffer | null): string {
  const hosts = salt === null ? name : `|1|${salt.toString("base64")}|${hashOf(name, salt).toString("base64")}`;
  return `${hosts} ${keyTypeOf(key)} ${key.toString("base64")}\n`;
}

function markerOf(field: string): KnownHost["marker"] | undefined {
  if (field === "@revoked") return "revoked";
  return field === "@cert-authority" ? "cert-authority" : undefined;
}

function matchesHash(hosts: string, name: string): boolean {
  const [salt = "", hash = ""] = hosts.slice(3).split("|");
  const wanted = Buffer.from(hash, "base64");
  const found = hashOf(name, Buffer.from(salt, "base64"));
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

// HMAC-SHA1 is the file format's choice: it hides names, it does not vouch for keys.
function hashOf(name: string, salt: Buffer): Buffer {
  return createHmac("sha1", salt).update(name).digest();
}

/** `*` and `?` alone are special, as in ssh_config(5) PATTERNS. In linear space and without backtracking into earlier stars. */
function matchesPattern(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
