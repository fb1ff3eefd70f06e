// A CommonJS package whose names Node does not see one by one.
import ssh2, { type IdentityCallback, type ParsedKey, type SignCallback, type SigningRequestOptions } from "ssh2";
import { type KeyFile, privateKey } from "./keyFile.ts";

/** Asks for the passphrase of a key file; null when the person gave none. */
export type AskPassphrase = (path: string, again: boolean) => Promise<string | null>;

const PASSPHRASE_TRIES = 3;

/**
 * The user's keys as one SSH agent: those of the running agent, then the identity files. A file's passphrase is asked for only when
 * the server has said that it would take that key.
 */
export class KeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #socket: string | null;
  readonly #files: readonly KeyFile[];
  readonly #onlyFiles: boolean;
  readonly #ask: AskPassphrase;
  readonly #agentKeys = new Set<string>();

  /** `identitiesOnly`: of the running agent only the keys that an identity file names. */
  constructor(given: {
    socket: string | null;
    files: readonly KeyFile[];
    identitiesOnly: boolean;
    ask: AskPassphrase;
  }) {
    super();
    this.#socket = given.socket;
    this.#files = given.files;
    this.#onlyFiles = given.identitiesOnly;
    this.#ask = given.ask;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    this.#identities().then(
      (keys) => callback(null, keys),
      (error: Error) => callback(error),
    );
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === "function" ? options : callback;
    const hash = typeof options === "function" ? undefined : options.hash;
    this.#sign(key, data, hash).then(
      (signature) => done?.(null, signature),
      (error: Error) => done?.(error),
    );
  }

  async #identities(): Promise<ParsedKey[]> {
    const held = this.#socket === null ? [] : await agentKeys(this.#socket);
    for (const key of held) this.#agentKeys.add(nameOf(key));
    const named = new Set(this.#files.flatMap(({ publicKey }) => publicKey?.toString("base64") ?? []));
    const usable = held.filter((key) => !this.#onlyFiles || named.has(nameOf(key)));
    const own = this.#files.flatMap(({ publicKey }) => {
      const key = publicKey === null ? null : parsed(publicKey);
      return key === null || this.#agentKeys.has(nameOf(key)) ? [] : [key];
    });
    return [...usable, ...own];
  }

  async #sign(key: ParsedKey, data: Buffer, hash: SigningRequestOptions["hash"]): Promise<Buffer> {
    const name = nameOf(key);
    if (this.#socket !== null && this.#agentKeys.has(name)) return signedByAgent(this.#socket, key, data, hash);
    const file = this.#files.find(({ publicKey }) => publicKey?.toString("base64") === name);
    if (file === undefined) throw new Error("The key is in no identity file.");
    const secret = await this.#unlocked(file.path);
    return secret.sign(data, hash);
  }

  async #unlocked(path: string): Promise<ParsedKey> {
    const open = await privateKey(path, null);
    if (open !== null) return open;
    for (let attempt = 0; attempt < PASSPHRASE_TRIES; attempt++) {
      const passphrase = await this.#ask(path, attempt > 0);
      if (passphrase === null) throw new Error(`No passphrase was given for ${path}.`);
      const key = await privateKey(path, passphrase);
      if (key !== null) return key;
    }
    throw new Error(`The passphrase of ${path} was wrong ${PASSPHRASE_TRIES} times.`);
  }
}

/** The running agent's keys; none when it does not answer: the identity files may still do. */
function agentKeys(socket: string): Promise<ParsedKey[]> {
  return new Promise((resolve) => {
    ssh2.createAgent(socket).getIdentities((error, keys) => {
      const all = error || keys === undefined ? [] : (keys as unknown[]);
      resolve(all.flatMap((key) => parsed(key) ?? []));
    });
  });
}

function signedByAgent(
  socket: string,
  key: ParsedKey,
  data: Buffer,
  hash: SigningRequestOptions["hash"],
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    ssh2.createAgent(socket).sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
      if (error || signature === undefined) reject(error ?? new Error("The agent did not sign."));
      else resolve(signature);
    });
  });
}

function parsed(key: unknown): ParsedKey | null {
  const result = ssh2.utils.parseKey(key as Buffer);
  const first = Array.isArray(result) ? result[0] : result;
  return first === undefined || first instanceof Error ? null : first;
}

function nameOf(key: ParsedKey): string {
  return key.getPublicSSH().toString("base64");
}
