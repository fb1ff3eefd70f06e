import type { AnyAuthMethod, ConnectConfig, Prompt } from "ssh2";
import type { Deadline } from "./deadline.ts";
import { KeyAgent } from "./keyAgent.ts";
import type { KeyFile } from "./keyFile.ts";
import { HUMAN_MS, type Prompter, type SecretQuestion } from "./prompter.ts";
import type { ResolvedHost } from "./resolvedHost.ts";

type AuthHandler = NonNullable<ConnectConfig["authHandler"]>;
type Method = {
  type: "none" | "publickey" | "keyboard-interactive" | "password";
  make: () => Promise<AnyAuthMethod | null>;
};

/** As much of a server's words as a question shows. */
const PROMPT_CHARACTERS = 200;

/**
 * Ways to prove who the user is, in the order of what they cost: nothing, keys, a person. A person is asked once: accounts with two
 * factors get locked by repeated failures.
 */
export function authenticator(given: {
  host: ResolvedHost;
  agentSocket: string | null;
  keys: readonly KeyFile[];
  prompter: Prompter;
  deadline: Deadline;
}): AuthHandler {
  const { host, prompter, deadline } = given;
  const username = host.user;
  let personAsked = false;
  const ask = (question: Omit<SecretQuestion, "host">): Promise<string | null> =>
    deadline.human(HUMAN_MS, (signal) => prompter.secret({ host: host.alias, ...question }, signal));
  const agent = new KeyAgent({
    socket: given.agentSocket,
    files: given.keys,
    identitiesOnly: host.identitiesOnly,
    ask: (path, again) => {
      const prompt = `${again ? "That was not the passphrase. " : ""}Passphrase of ${path}`;
      return ask({ kind: "passphrase", prompt, echo: false });
    },
  });
  const answerAll = async (prompts: readonly Prompt[]): Promise<string[]> => {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) {
      personAsked = true;
      const answer = await ask({ kind: "challenge", prompt: prompt.slice(0, PROMPT_CHARACTERS), echo: echo === true });
      if (answer === null) throw new Error("The question was not answered.");
      answers.push(answer);
    }
    return answers;
  };
  const methods: Method[] = [{ type: "none", make: async () => ({ type: "none", username }) }];
  if (host.pubkeyAuthentication)
    methods.push({ type: "publickey", make: async () => ({ type: "agent", username, agent }) });
  if (host.keyboardInteractive) {
    methods.push({
      type: "keyboard-interactive",
      make: async () => ({
        type: "keyboard-interactive",
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => {
          answerAll(prompts).then(finish, () => finish([])); // no answers: the server refuses, and the next way is tried
        },
      }),
    });
  }
  if (host.passwordAuthentication) {
    methods.push({
      type: "password",
      make: async () => {
        if (personAsked) return null;
        personAsked = true;
        const password = await ask({ kind: "password", prompt: `Password of ${username}`, echo: false });
        return password === null ? null : { type: "password", username, password };
      },
    });
  }
  const next = async (allowed: readonly string[] | null): Promise<AnyAuthMethod | false> => {
    for (let method = methods.shift(); method !== undefined; method = methods.shift()) {
      if (allowed !== null && method.type !== "none" && !allowed.includes(method.type)) continue;
      const made = await method.make();
      if (made !== null) return made;
    }
    return false;
  };
  const handler = (allowed: string[] | null, _partial: boolean, callback: (method: AnyAuthMethod | false) => void) => {
    next(allowed).then(callback, () => callback(false));
  };
  return handler as AuthHandler; // its declared type leaves out `false`, which ends the attempts
}
