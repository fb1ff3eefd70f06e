import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseResolved, type ResolvedHost, UnusableSshConfig } from "../../src/ssh/resolvedHost.ts";
import { type Route, type RouteFacts, routeTo } from "../../src/ssh/route.ts";
import { english } from "../../src/ssh/sentence.ts";

const printed = (...options: string[]) =>
  execFileSync("ssh", ["-F", "/dev/null", "-G", ...options, "node"], { encoding: "utf8" });
const resolved = (...options: string[]): ResolvedHost => parseResolved("node", printed(...options), "/home/me");

const facts: RouteFacts = {
  liveMaster: false,
  identityTypes: ["ssh-ed25519"],
  certificateBeside: false,
  knownByAuthorityOnly: false,
  builtInKex: ["curve25519-sha256"],
  systemSshPresent: true,
};

describe("what ssh -G resolves", () => {
  it("defaults: no proxy, no alias, the user's own files", () => {
    expect(resolved("-l", "me")).toMatchObject({
      alias: "node",
      hostname: "node",
      port: 22,
      user: "me",
      hostKeyAlias: null,
      proxyJump: null,
      proxyCommand: null,
      identityAgent: null,
      strictHostKeyChecking: "ask",
      connectTimeout: null,
    });
  });

  it("what an entry sets, with ~ expanded", () => {
    const set = {
      HostName: "10.0.0.7",
      Port: "2222",
      HostKeyAlias: "n",
      ProxyJump: "a,b",
      IdentityFile: "~/.ssh/k",
      IdentityAgent: "/run/agent",
      ConnectTimeout: "7",
      StrictHostKeyChecking: "accept-new",
    };
    const options = Object.entries(set).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    expect(resolved(...options)).toMatchObject({
      hostname: "10.0.0.7",
      port: 2222,
      hostKeyAlias: "n",
      proxyJump: "a,b",
      identityFiles: ["/home/me/.ssh/k"],
      identityAgent: "/run/agent",
      connectTimeout: 7,
      strictHostKeyChecking: "accept-new",
    });
  });

  it("output without a host is refused with a sentence", () => {
    expect(() => parseResolved("node", "user me\n", "/")).toThrow(UnusableSshConfig);
  });
});

const reasonOf = (route: Route) => (route.via === "built-in" ? "" : english(route.because));

describe("the way to a host", () => {
  it("is the built-in client by default", () => {
    expect(routeTo(resolved(), facts)).toEqual({ via: "built-in" });
  });

  it.each<[string, string[], Partial<RouteFacts>]>([
    ["a shared connection", [], { liveMaster: true }],
    ["PKCS#11", ["-o", "PKCS11Provider=/lib/p11.so"], {}],
    ["FIDO", [], { identityTypes: ["sk-ssh-ed25519@openssh.com"] }],
    ["certificate", ["-o", "CertificateFile=~/c-cert.pub"], {}],
    ["certificate", [], { certificateBeside: true }],
    ["KnownHostsCommand", ["-o", "KnownHostsCommand=/bin/keys %H"], {}],
    ["certificate authority", [], { knownByAuthorityOnly: true }],
    ["key exchanges", ["-o", "KexAlgorithms=sntrup761x25519-sha512@openssh.com"], {}],
  ])("is the system's ssh for %s", (word, options, more) => {
    const route = routeTo(resolved(...options), { ...facts, ...more });
    expect(route.via).toBe("system");
    expect(reasonOf(route)).toContain(word);
    const without = routeTo(resolved(...options), { ...facts, ...more, systemSshPresent: false });
    expect(without.via).toBe("none");
    expect(reasonOf(without)).toMatch(
      /^node needs the system's ssh \(.*\), which is not installed: install OpenSSH\.$/,
    );
    expect(reasonOf(without)).toContain(word);
  });

  it("a security key beside an ordinary one leaves the built-in client its chance", () => {
    expect(routeTo(resolved(), { ...facts, identityTypes: ["sk-ssh-ed25519@openssh.com", "ssh-ed25519"] }).via).toBe(
      "built-in",
    );
  });
});
