import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkHost } from "../../src/hosts/checkHost.ts";
import { settingsOf } from "../../src/hosts/hostSettings.ts";
import { type Connector, connectTo } from "../../src/ssh/connect.ts";
import type { HostKeyEvidence } from "../../src/ssh/hostKey.ts";
import { localTransport } from "../../src/ssh/localTransport.ts";
import type { SecretQuestion } from "../../src/ssh/prompter.ts";
import { type Transport, TransportError } from "../../src/ssh/transport.ts";
import { keygen, type Sshd, type SshdOptions, sessionsOf, signalled, sshdMissing, startSshd } from "../support/sshd.ts";

const missing = sshdMissing();
const open: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) {
    await thing.close?.();
    await thing.stop?.();
  }
});

interface Person {
  questions: SecretQuestion[];
  keys: HostKeyEvidence[];
  secrets: (string | null)[];
  accepts: boolean;
}

function person(given: Partial<Person> = {}): Person {
  return { questions: [], keys: [], secrets: [], accepts: false, ...given };
}

function connectorOf(sshd: Sshd, who: Person, log: string[] = []): Connector {
  return {
    ssh: sshd.ssh,
    acceptedKeys: sshd.acceptedKeys,
    prompter: {
      secret: async (question) => {
        who.questions.push(question);
        return who.secrets.shift() ?? null;
      },
      acceptHostKey: async (evidence) => {
        who.keys.push(evidence);
        return who.accepts;
      },
    },
    log: (line) => log.push(line),
  };
}

async function server(options: SshdOptions = {}): Promise<Sshd> {
  const sshd = await startSshd(options);
  open.push(sshd);
  return sshd;
}

async function connected(sshd: Sshd, who: Person = person(), alias = "node", log: string[] = []): Promise<Transport> {
  const transport = await connectTo(connectorOf(sshd, who, log), alias);
  open.push(transport);
  return transport;
}

async function failureOf(work: Promise<unknown>): Promise<TransportError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportError);
  return error as TransportError;
}

const quick = { timeoutMs: 20_000 };

describe.skipIf(missing !== null)(`a host behind SSH${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  beforeAll(() => expect(missing).toBeNull());

  describe.each(["built-in", "system", "local"] as const)("by the %s transport", (via) => {
    async function transport(): Promise<Transport> {
      if (via === "local") {
        const local = localTransport("this machine", process.env);
        open.push(local);
        return local;
      }
      const sshd = await server();
      // A certificate of the user's is what only the system's ssh can present; here it need not be valid.
      if (via === "system") await sshd.configure(`  CertificateFile ${sshd.clientKey}.pub\n`);
      const made = await connected(sshd);
      expect(made.via).toBe(via);
      return made;
    }

    it("runs scripts: output, exit code, input, quotes and newlines", async () => {
      const host = await transport();
      const script = "cat; printf '%s' \"it's $((6 * 7)) 'ok'\"\necho >&2 'to stderr'\nexit 3";
      const result = await host.exec(script, { ...quick, input: Buffer.from("in\n") });
      expect(result).toMatchObject({ code: 3, stdout: "in\nit's 42 'ok'" });
      expect(result.stderr).toContain("to stderr");
    });

    it("ends a command at its limit, and at a cancel", async () => {
      const host = await transport();
      expect((await failureOf(host.exec("sleep 60", { timeoutMs: 700 }))).reason).toBe("timeout");
      const abort = new AbortController();
      const running = failureOf(host.exec("sleep 60", { timeoutMs: 20_000, signal: abort.signal }));
      setTimeout(() => abort.abort(), 300);
      expect((await running).reason).toBe("cancelled");
      expect((await host.exec("echo on", quick)).stdout).toBe("on\n");
    });

    it("ends a command that prints without end", async () => {
      const host = await transport();
      const error = await failureOf(host.exec("yes", { ...quick, maxOutput: 100_000 }));
      expect(error.reason).toBe("output_limit");
    });

    it("puts files: whole, with their mode, or not at all", async () => {
      const host = await transport();
      const folder = (await host.exec("mktemp -d", quick)).stdout.trim();
      const content = randomBytes(3_000_000);
      const file = `${folder}/a folder/it's here`;
      let told = 0;
      await host.putFile(content, file, {
        mode: 0o640,
        ...quick,
        onProgress: (bytes) => {
          told = bytes;
        },
      });
      expect(told).toBe(content.length);
      expect((await readFile(file)).equals(content)).toBe(true);
      expect((await stat(file)).mode & 0o777).toBe(0o640);
      async function* broken() {
        yield Buffer.from("half");
        throw new Error("the source failed");
      }
      const other = `${folder}/other`;
      await expect(host.putFile(broken(), other, { mode: 0o600, timeoutMs: 5000 })).rejects.toThrow();
      await expect(stat(other)).rejects.toThrow();
      expect(
        (await failureOf(host.putFile(Buffer.from("x"), "/proc/rzero-test", { mode: 0o600, ...quick }))).message,
      ).toContain(host.host);
      await host.exec(`rm -rf '${folder}'`, quick);
    });

    it("opens a byte stream that ends on either side", async () => {
      const host = await transport();
      const { stream, ended } = await host.open("echo ready; cat");
      const received: string[] = [];
      stream.on("data", (chunk: Buffer) => received.push(chunk.toString("utf8")));
      const closed = new Promise((resolve) => stream.once("end", resolve));
      stream.write("one\n");
      stream.end("two\n");
      await closed;
      expect(received.join("")).toBe("ready\none\ntwo\n");
      expect(await ended).toEqual({ code: 0 });
    });
  });

  describe("host keys", () => {
    it("a key in a hashed known_hosts is trusted without a question", async () => {
      const who = person();
      const host = await connected(await server({ hashed: true }), who);
      expect((await host.exec("echo in", quick)).stdout).toBe("in\n");
      expect(who.keys).toHaveLength(0);
    });

    it("an unknown key is asked about with its fingerprint, remembered in our own file, and not asked again", async () => {
      const sshd = await server({ known: false });
      const who = person({ accepts: true });
      await connected(sshd, who);
      const printed = execFileSync("ssh-keygen", ["-lf", path.join(sshd.folder, "host_ed25519.pub")], {
        encoding: "utf8",
      });
      expect(who.keys.map(({ fingerprint }) => fingerprint)).toEqual([printed.split(" ")[1]]);
      expect(await readFile(sshd.knownHosts, "utf8")).toBe("");
      const found = execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${sshd.port}`, "-f", sshd.acceptedKeys], {
        encoding: "utf8",
      });
      expect(found).toContain("found");
      await connected(sshd, who);
      expect(who.keys).toHaveLength(1);
    });

    it("an unknown key that is not accepted ends the connection before anything is sent", async () => {
      const sshd = await server({ known: false });
      const error = await failureOf(connected(sshd, person()));
      expect(error.reason).toBe("host_key");
      expect(await sshd.log()).not.toMatch(/Accepted|Failed|userauth/);
    });

    it.each(["ask", "no", "accept-new"])(
      "a changed key is refused, nothing is sent, nobody is asked (StrictHostKeyChecking %s)",
      async (strict) => {
        const sshd = await server({ known: false });
        keygen(path.join(sshd.folder, "other"), "");
        const other = (await readFile(path.join(sshd.folder, "other.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
        await appendFile(sshd.knownHosts, `[127.0.0.1]:${sshd.port} ${other}\n`);
        await sshd.configure(`  StrictHostKeyChecking ${strict}\n`);
        const who = person({ accepts: true });
        const error = await failureOf(connected(sshd, who));
        expect(error.reason).toBe("host_key");
        expect(error.message).toContain(`${sshd.knownHosts}:1`);
        expect(who.keys).toHaveLength(0);
        expect(await sshd.log()).not.toMatch(/Accepted|Failed|userauth/);
      },
    );

    it("the system's ssh refuses a changed key as well, whatever the user's configuration says", async () => {
      const sshd = await server({ known: false });
      keygen(path.join(sshd.folder, "other"), "");
      const other = (await readFile(path.join(sshd.folder, "other.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
      await appendFile(sshd.knownHosts, `[127.0.0.1]:${sshd.port} ${other}\n`);
      await sshd.configure(`  StrictHostKeyChecking no\n  CertificateFile ${sshd.clientKey}.pub\n`);
      const who = person({ accepts: true });
      const error = await failureOf(connected(sshd, who));
      expect(error.reason).toBe("host_key");
      expect(error.message).toContain("another host key");
      expect(await sshd.log()).not.toMatch(/Accepted|userauth/);
    });

    it("a revoked key is refused, though it is also listed as known", async () => {
      const sshd = await server();
      const line = await readFile(sshd.knownHosts, "utf8");
      await writeFile(sshd.knownHosts, `${line}@revoked * ${line.split(" ").slice(1).join(" ")}`);
      const error = await failureOf(connected(sshd, person({ accepts: true })));
      expect(error.message).toContain("revoked");
    });
  });

  describe("who the user is", () => {
    it("a passphrase is asked for when the server takes the key, again when it was wrong", async () => {
      const who = person({ secrets: ["wrong", "correct horse"] });
      const host = await connected(await server({ passphrase: "correct horse" }), who);
      expect(host.via).toBe("built-in");
      expect(who.questions.map(({ kind }) => kind)).toEqual(["passphrase", "passphrase"]);
      expect((await host.exec("echo in", quick)).stdout).toBe("in\n");
    });

    it("a key the server does not take is never asked about", async () => {
      const sshd = await server({ passphrase: "secret" });
      await writeFile(path.join(sshd.folder, "authorized_keys"), "");
      const who = person();
      const error = await failureOf(connected(sshd, who));
      expect(error.reason).toBe("authentication");
      expect(error.message).toContain(sshd.user);
      expect(who.questions).toHaveLength(0);
    });

    it("the system's ssh asks for the passphrase through us", async () => {
      const sshd = await server({ passphrase: 'it\'s a "secret" $1' });
      await sshd.configure(`  CertificateFile ${sshd.clientKey}.pub\n`);
      const who = person({ secrets: ['it\'s a "secret" $1'] });
      const host = await connected(sshd, who);
      expect(host.via).toBe("system");
      expect(who.questions[0]?.kind).toBe("passphrase");
      expect((await host.exec("echo in", quick)).stdout).toBe("in\n");
    });

    it("the user's agent signs; with IdentitiesOnly only keys that the configuration names", async () => {
      const sshd = await server({ passphrase: "in the agent" });
      const socket = path.join(sshd.folder, "agent");
      const agent = execFileSync("ssh-agent", ["-a", socket, "-s"], { encoding: "utf8" });
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
      try {
        const askpass = path.join(sshd.folder, "askpass");
        await writeFile(askpass, "#!/bin/sh\necho 'in the agent'\n", { mode: 0o700 });
        const env = {
          ...process.env,
          SSH_AUTH_SOCK: socket,
          SSH_ASKPASS: askpass,
          SSH_ASKPASS_REQUIRE: "force",
          DISPLAY: ":0",
        };
        execFileSync("ssh-add", [sshd.clientKey], { env, stdio: "ignore" });
        const config = (await readFile(path.join(sshd.folder, "ssh_config"), "utf8")).replace(
          "IdentityAgent none",
          `IdentityAgent ${socket}`,
        );
        await writeFile(path.join(sshd.folder, "ssh_config"), config);
        const who = person();
        const host = await connected(sshd, who);
        expect((await host.exec("echo in", quick)).stdout).toBe("in\n");
        expect(who.questions).toHaveLength(0);
      } finally {
        process.kill(pid);
      }
    });
  });

  describe("unusual hosts", () => {
    it("a jump host", async () => {
      const jump = await server();
      const sshd = await server();
      await sshd.configure(
        [
          "  ProxyJump gate",
          "Host gate",
          "  HostName 127.0.0.1",
          `  Port ${jump.port}`,
          `  User ${jump.user}`,
          `  IdentityFile ${jump.clientKey}`,
          "  IdentitiesOnly yes",
          "  IdentityAgent none",
          `  UserKnownHostsFile ${jump.knownHosts}`,
          "",
        ].join("\n"),
      );
      const host = await connected(sshd);
      expect(host.via).toBe("built-in");
      expect((await host.exec("echo through", quick)).stdout).toBe("through\n");
      expect(await jump.log()).toContain("Accepted publickey");
    });

    it("a post-quantum-only server: the system's ssh takes over", async () => {
      const sshd = await server({ config: "KexAlgorithms sntrup761x25519-sha512@openssh.com" });
      const log: string[] = [];
      const host = await connected(sshd, person(), "node", log);
      expect(host.via).toBe("system");
      expect(log.join("\n")).toContain("takes over");
      expect((await host.exec("echo in", quick)).stdout).toBe("in\n");
    });

    it("a post-quantum-only server with an unknown key: asked, remembered in our own file", async () => {
      const sshd = await server({ config: "KexAlgorithms sntrup761x25519-sha512@openssh.com", known: false });
      const who = person({ accepts: true });
      await connected(sshd, who);
      expect(who.keys[0]?.fingerprint).toMatch(/^SHA256:/);
      expect(await readFile(sshd.acceptedKeys, "utf8")).toContain("ssh-ed25519");
      await connected(sshd, who);
      expect(who.keys).toHaveLength(1);
    });

    it("no SFTP subsystem", async () => {
      const sshd = await server({ sftp: false });
      const host = await connected(sshd);
      const file = path.join(sshd.folder, "put");
      await host.putFile(Buffer.from("content"), file, { mode: 0o600, ...quick });
      expect(await readFile(file, "utf8")).toBe("content");
    });

    it.each(["/usr/bin/fish", "/bin/tcsh"])("%s as login shell", async (shell) => {
      const sshd = await server();
      const keys = await readFile(path.join(sshd.folder, "authorized_keys"), "utf8");
      const forced = path.join(sshd.folder, "forced");
      await writeFile(forced, `#!/bin/sh\nexec ${shell} -c "$SSH_ORIGINAL_COMMAND"\n`, { mode: 0o755 });
      await writeFile(path.join(sshd.folder, "authorized_keys"), `command="${forced}" ${keys}`);
      const host = await connected(sshd);
      const script = "x='it'\"'\"'s !1 \\ $HOME'\nfor i in 1 2; do echo \"$i $x\"; done";
      expect((await host.exec(script, quick)).stdout).toBe("1 it's !1 \\ $HOME\n2 it's !1 \\ $HOME\n");
    });

    it("start-up files that print", async () => {
      const sshd = await server();
      const noise = path.join(sshd.folder, "noisy");
      await writeFile(
        noise,
        '#!/bin/sh\nfor i in 1 2 3; do echo "Welcome to the cluster"; done\nprintf \'no newline\'\nexec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n',
        { mode: 0o755 },
      );
      const keys = await readFile(path.join(sshd.folder, "authorized_keys"), "utf8");
      await writeFile(path.join(sshd.folder, "authorized_keys"), `command="${noise}" ${keys}`);
      const host = await connected(sshd);
      expect((await host.exec("echo clean", quick)).stdout).toBe("clean\n");
      const { stream } = await host.open("echo clean");
      const first = await new Promise((resolve) =>
        stream.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8"))),
      );
      expect(first).toBe("clean\n");
    });

    it("a login shell that ends at once", async () => {
      const sshd = await server();
      const keys = await readFile(path.join(sshd.folder, "authorized_keys"), "utf8");
      await writeFile(
        path.join(sshd.folder, "authorized_keys"),
        `command="echo This account is not available; exit 1" ${keys}`,
      );
      const host = await connected(sshd);
      const error = await failureOf(host.exec("echo in", quick));
      expect(error.reason).toBe("no_shell");
      expect(error.message).toContain("This account is not available");
    });

    it("R-Zero: Check Host tells what is there, also when a set-up line fails", async () => {
      const sshd = await server();
      const clock = { now: () => new Date(0), elapsed: () => performance.now() };
      const check = (settings: unknown) =>
        checkHost(() => connected(sshd), settingsOf({ node: settings }, "node"), clock, new AbortController().signal);
      const report = await check({ root: path.join(sshd.folder, "new") });
      expect(report).toContain("# node");
      expect(report).toMatch(/\| ✓ \| System \|.*(Linux|Darwin)/);
      expect(report).toMatch(/\| ✓ \| Disk \|/);
      expect((await failureOf(check({ setup: ["module load nothing"] }))).message).toContain("module load nothing");
    });

    it("nobody listens; the name is unknown", async () => {
      const sshd = await server();
      await sshd.configure(
        "Host away\n  HostName 127.0.0.1\n  Port 9\nHost unknown\n  HostName does-not-exist.invalid\n",
      );
      expect((await failureOf(connected(sshd, person(), "away"))).message).toContain("Nothing listens");
      expect((await failureOf(connected(sshd, person(), "unknown"))).message).toContain("is not known");
    });

    it("a connection that is cut is noticed, with the reason", async () => {
      const sshd = await server();
      const host = await connected(sshd);
      await host.exec("true", quick);
      for (const session of sessionsOf(sshd.pid)) signalled(session, "SIGKILL");
      expect((await host.closed)?.reason).toBe("lost");
      expect((await failureOf(host.exec("true", quick))).reason).toBe("lost");
    });
  });
});
