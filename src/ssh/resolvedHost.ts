/** What `ssh -G ALIAS` resolved: Include, Match, patterns and defaults are applied. Paths have their `~` expanded. */
export interface ResolvedHost {
  /** As the user names it. */
  readonly alias: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | null;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** A socket's path; null: `SSH_AUTH_SOCK` of the environment; "none": no agent. */
  readonly identityAgent: string | "none" | null;
  readonly certificateFiles: readonly string[];
  readonly pkcs11Provider: string | null;
  readonly proxyJump: string | null;
  readonly proxyCommand: string | null;
  readonly controlPath: string | null;
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  readonly knownHostsCommand: string | null;
  readonly hashKnownHosts: boolean;
  readonly strictHostKeyChecking: "yes" | "ask" | "accept-new" | "no";
  readonly kexAlgorithms: readonly string[];
  readonly pubkeyAuthentication: boolean;
  readonly keyboardInteractive: boolean;
  readonly passwordAuthentication: boolean;
  /** Seconds; null: none was asked for. */
  readonly connectTimeout: number | null;
}

/** `ssh -G` printed something that cannot be used. */
export class UnusableSshConfig extends Error {
  override readonly name = "UnusableSshConfig";
}

/**
 * Reads the output of `ssh -G`.
 *
 * @param home for `~` in paths, which ssh leaves as it is
 * @throws UnusableSshConfig where there is no host name or port
 */
export function parseResolved(alias: string, output: string, home: string): ResolvedHost {
  const values = new Map<string, string[]>();
  for (const line of output.split("\n")) {
    const space = line.indexOf(" ");
    if (space < 0) continue;
    const key = line.slice(0, space).toLowerCase();
    values.set(key, [...(values.get(key) ?? []), line.slice(space + 1).trim()]);
  }
  const one = (key: string): string | null => values.get(key)?.[0] ?? null;
  const given = (key: string): string | null => {
    const value = one(key);
    return value === null || value === "none" ? null : value;
  };
  const yes = (key: string): boolean => ["yes", "true"].includes(one(key) ?? "");
  const expand = (file: string): string => file.replace(/^~(?=\/|$)/, home);
  const files = (key: string): string[] => (one(key) ?? "").split(/\s+/).filter(isFile).map(expand);
  const hostname = one("hostname");
  const port = Number(one("port"));
  if (hostname === null || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UnusableSshConfig(
      `\`ssh -G ${alias}\` names no host and port: check the entry in your SSH configuration.`,
    );
  }
  const agent = one("identityagent");
  return {
    alias,
    hostname,
    port,
    user: one("user") ?? "",
    hostKeyAlias: given("hostkeyalias"),
    identityFiles: (values.get("identityfile") ?? []).filter(isFile).map(expand),
    identitiesOnly: yes("identitiesonly"),
    identityAgent: agent === null || agent === "SSH_AUTH_SOCK" ? null : agent === "none" ? "none" : expand(agent),
    certificateFiles: (values.get("certificatefile") ?? []).filter(isFile).map(expand),
    pkcs11Provider: given("pkcs11provider"),
    proxyJump: given("proxyjump"),
    proxyCommand: given("proxycommand"),
    controlPath: given("controlpath"),
    userKnownHosts: files("userknownhostsfile"),
    globalKnownHosts: files("globalknownhostsfile"),
    knownHostsCommand: given("knownhostscommand"),
    hashKnownHosts: yes("hashknownhosts"),
    strictHostKeyChecking: strictness(one("stricthostkeychecking")),
    kexAlgorithms: (one("kexalgorithms") ?? "").split(",").filter((name) => name !== ""),
    pubkeyAuthentication: one("pubkeyauthentication") !== "no" && one("pubkeyauthentication") !== "false",
    keyboardInteractive: yes("kbdinteractiveauthentication"),
    passwordAuthentication: yes("passwordauthentication"),
    connectTimeout: seconds(one("connecttimeout")),
  };
}

function isFile(path: string): boolean {
  return path !== "" && path !== "none" && path !== "/dev/null";
}

function strictness(value: string | null): ResolvedHost["strictHostKeyChecking"] {
  switch (value) {
    case "yes":
    case "true":
      return "yes";
    case "accept-new":
      return "accept-new";
    case "no":
    case "off":
    case "false":
      return "no";
    default:
      return "ask";
  }
}

function seconds(value: string | null): number | null {
  const number = Number(value);
  return value !== null && Number.isInteger(number) && number > 0 ? number : null;
}
