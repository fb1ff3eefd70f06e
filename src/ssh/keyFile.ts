import { readFile } from "node:fs/promises";
import ssh2, { type ParsedKey } from "ssh2";

/** An identity file as far as it can be read without its passphrase. */
export interface KeyFile {
  readonly path: string;
  /** In SSH wire format; null for an old PEM file without a `.pub` beside it: only the passphrase tells. */
  readonly publicKey: Buffer | null;
  readonly type: string | null;
}

/** The public half of an identity file; null when there is no such file. */
export async function readKeyFile(path: string): Promise<KeyFile | null> {
  const [text, beside] = await Promise.all([readText(path), readText(`${path}.pub`)]);
  if (text === null) return null;
  const publicKey = publicInside(text) ?? publicLine(beside ?? "") ?? unencrypted(text)?.getPublicSSH() ?? null;
  return { path, publicKey, type: publicKey === null ? null : typeOf(publicKey) };
}

/** The private key. @returns null when the passphrase is wrong or missing */
export async function privateKey(path: string, passphrase: string | null): Promise<ParsedKey | null> {
  const text = await readText(path);
  if (text === null) return null;
  const parsed = passphrase === null ? ssh2.utils.parseKey(text) : ssh2.utils.parseKey(text, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key === undefined || key instanceof Error ? null : key;
}

function unencrypted(text: string): ParsedKey | null {
  const parsed = ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key === undefined || key instanceof Error ? null : key;
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null); // not there or not ours to read: ssh passes over it, too
}

/** OpenSSH's own format holds the public key unencrypted (PROTOCOL.key). */
function publicInside(text: string): Buffer | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return null;
  const bytes = Buffer.from(body.replaceAll(/\s/g, ""), "base64");
  const magic = "openssh-key-v1\0";
  if (bytes.toString("latin1", 0, magic.length) !== magic) return null;
  let at = magic.length;
  const field = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    field(); // cipher
    field(); // key derivation
    field(); // its options
    at += 4; // how many keys
    const key = field();
    return key.length > 0 ? key : null;
  } catch {
    return null; // cut short
  }
}

function publicLine(text: string): Buffer | null {
  const encoded = text.trim().split(/\s+/)[1];
  return encoded === undefined ? null : Buffer.from(encoded, "base64");
}

function typeOf(key: Buffer): string {
  return key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}
