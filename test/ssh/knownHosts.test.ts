import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { evidenceOf, judge, preferredKeyTypes } from "../../src/ssh/hostKey.ts";
import { fingerprint, keyTypeOf, knownHostsLine, parseKnownHosts, speaksOf } from "../../src/ssh/knownHosts.ts";
import { english } from "../../src/ssh/sentence.ts";

const folder = mkdtempSync(path.join(tmpdir(), "rzero-known-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A well-formed public key of random content. */
function key(type = "ssh-ed25519"): Buffer {
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return Buffer.concat([field(Buffer.from(type)), field(randomBytes(32))]);
}

const line = (hosts: string, bytes: Buffer) => `${hosts} ${keyTypeOf(bytes)} ${bytes.toString("base64")}`;

/** The lines that OpenSSH's own tool finds for a name. */
function linesByKeygen(text: string, name: string): number[] {
  const file = path.join(folder, "known_hosts");
  writeFileSync(file, text);
  const { stdout } = spawnSync("ssh-keygen", ["-F", name, "-f", file], { encoding: "utf8" });
  return [...stdout.matchAll(/found: line (\d+)/g)].map(([, number]) => Number(number));
}

const names = ["node", "node1", "login.cluster.example", "[node]:2222", "10.0.0.7", "alias"];
const pattern = fc.oneof(
  fc.constantFrom(...names, "*.example", "node?", "10.0.*", "!node1", "*", "!*.example", "[node]:*", "n*e", "NODE"),
);

describe("known_hosts", () => {
  it("the lines that speak of a host are those ssh-keygen -F finds", () => {
    const bytes = key();
    const entry = fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => line(patterns.join(","), bytes)),
      fc.constantFrom(...names).map((name) => knownHostsLine(name, bytes, randomBytes(20)).trim()),
      fc.constantFrom("", "# node ssh-ed25519 AAAA", "   "),
    );
    const property = fc.property(fc.array(entry, { maxLength: 6 }), fc.constantFrom(...names), (lines, name) => {
      const text = `${lines.join("\n")}\n`;
      const ours = parseKnownHosts(text, "f").filter((known) => speaksOf(known, name));
      expect(ours.map((known) => known.line)).toEqual(linesByKeygen(text, name));
    });
    fc.assert(property, { numRuns: 60 });
  });

  it("a line whose key is damaged or of another type than it says is passed over", () => {
    const bytes = key();
    const text = [
      `node ssh-rsa ${bytes.toString("base64")}`,
      "node ssh-ed25519 !!!!",
      "node ssh-ed25519",
      `@strange node ssh-ed25519 ${bytes.toString("base64")}`,
      line("node", bytes),
    ].join("\n");
    expect(parseKnownHosts(text, "f").map((known) => known.line)).toEqual([5]);
  });

  it("fingerprints are ssh-keygen's", () => {
    const bytes = key();
    const file = path.join(folder, "key.pub");
    writeFileSync(file, `${keyTypeOf(bytes)} ${bytes.toString("base64")}\n`);
    const { stdout } = spawnSync("ssh-keygen", ["-lf", file], { encoding: "utf8" });
    expect(stdout.split(" ")[1]).toBe(fingerprint(bytes));
  });

  it("a pattern of many stars is matched in no time", () => {
    const known = parseKnownHosts(`${line(`${"*a".repeat(500)}b`, key())}\n`, "f");
    expect(known.some((one) => speaksOf(one, "a".repeat(2000)))).toBe(false);
  });
});

describe("what a host key means", () => {
  const host = { hostname: "node", port: 22, hostKeyAlias: null };
  const bytes = key();
  const verdictOf = (text: string, strict: Parameters<typeof judge>[1] = "ask", shown = bytes, at = host) =>
    judge(evidenceOf(at, shown, parseKnownHosts(text, "f")), strict);

  it("known: trusted", () => {
    expect(verdictOf(line("node", bytes)).kind).toBe("trusted");
  });

  it("unknown: asked; with StrictHostKeyChecking yes refused; with accept-new remembered", () => {
    expect(verdictOf("").kind).toBe("ask");
    expect(verdictOf("", "no").kind).toBe("ask");
    expect(verdictOf("", "yes")).toMatchObject({ kind: "refused", reason: "unknown" });
    expect(verdictOf("", "accept-new").kind).toBe("remember");
  });

  it("changed: refused under every setting, with the line that says otherwise", () => {
    for (const strict of ["ask", "no", "yes", "accept-new"] as const) {
      const verdict = verdictOf(line("node", key()), strict);
      expect(verdict).toMatchObject({ kind: "refused", reason: "changed" });
      expect(verdict.kind === "refused" && english(verdict.sentence)).toContain("f:1");
    }
  });

  it("one of several known keys of a type: trusted", () => {
    expect(verdictOf(`${line("node", key())}\n${line("node", bytes)}`).kind).toBe("trusted");
  });

  it("a key of another type than the known one: asked with that said, not accepted as new", () => {
    const text = line("node", key("ssh-rsa"));
    expect(verdictOf(text, "accept-new")).toEqual({ kind: "ask", otherTypesKnown: true });
  });

  it("revoked: refused, on every port, though another line knows it", () => {
    const text = `${line("[node]:2222", bytes)}\n@revoked ${line("node", bytes)}`;
    expect(verdictOf(text, "ask", bytes, { ...host, port: 2222 })).toMatchObject({
      kind: "refused",
      reason: "revoked",
    });
  });

  it("on another port the key known for the bare name is trusted, a different one is not held against it", () => {
    const at = { ...host, port: 2222 };
    expect(verdictOf(line("node", bytes), "ask", bytes, at).kind).toBe("trusted");
    expect(verdictOf(line("node", key()), "ask", bytes, at).kind).toBe("ask");
  });

  it("a certificate authority's line trusts no plain key", () => {
    expect(verdictOf(`@cert-authority ${line("node", bytes)}`).kind).toBe("ask");
  });

  it("something that is no key: refused", () => {
    expect(verdictOf("", "no", Buffer.from("x"))).toMatchObject({ kind: "refused", reason: "unreadable" });
  });

  it("key types by which the host is known are asked for first", () => {
    const known = parseKnownHosts(line("node", key("ssh-rsa")), "f");
    const order = preferredKeyTypes(host, known, ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"]);
    expect(order).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  });
});
