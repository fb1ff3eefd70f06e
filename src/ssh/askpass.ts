import { existsSync } from "node:fs";
import { chmod, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Lets the system's ssh ask questions of us (SSH_ASKPASS): its helper script leaves the question in a private folder and reads the
 * answer from a FIFO, so that no secret is ever in a file, an argument or the environment.
 */
export interface Askpass {
  readonly env: Record<string, string>;
  close(): Promise<void>;
}

/** Null: no answer; ssh is told so. */
export type Answer = (prompt: string) => Promise<string | null>;

const LOOK_MS = 60;
const READ_MS = 5000;

const SCRIPT = `#!/bin/sh
d=\${0%/*}
q="$d/$$"
mkfifo -m 600 "$q.answer" || exit 1
printf '%s' "$1" >"$q.part" && mv "$q.part" "$q.question"
IFS= read -r a <"$q.answer"
rm -f "$q.answer"
case $a in
  +*) printf '%s\\n' "\${a#+}" ;;
  *) exit 1 ;;
esac
`;

export async function openAskpass(answer: Answer): Promise<Askpass> {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-ask-"));
  const script = path.join(folder, "askpass");
  await writeFile(script, SCRIPT, { mode: 0o700 });
  await chmod(script, 0o700);
  let open = true;
  const watching = (async () => {
    while (open) {
      const names = await readdir(folder).catch(() => []);
      for (const name of names.filter((entry) => entry.endsWith(".question"))) {
        const file = path.join(folder, name);
        const prompt = await readFile(file, "utf8");
        await rm(file, { force: true });
        reply(file.replace(/question$/, "answer"), prompt, answer);
      }
      await delay(LOOK_MS);
    }
  })();
  return {
    env: { SSH_ASKPASS: script, SSH_ASKPASS_REQUIRE: "force", DISPLAY: process.env["DISPLAY"] ?? ":0" },
    async close() {
      open = false;
      await watching;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function reply(fifo: string, prompt: string, answer: Answer): Promise<void> {
  const text = await answer(prompt).catch(() => null);
  // r+: opening a FIFO only for writing would wait for a reader that may have been ended.
  const pipe = await open(fifo, "r+").catch(() => null); // its ssh is gone
  if (pipe === null) return;
  try {
    await pipe.write(text === null ? "-\n" : `+${text.replaceAll("\n", " ")}\n`);
    // Closing before the script has read would lose the answer; it removes the FIFO when it has.
    for (let waited = 0; waited < READ_MS && existsSync(fifo); waited += LOOK_MS) await delay(LOOK_MS);
  } finally {
    await pipe.close();
  }
}
