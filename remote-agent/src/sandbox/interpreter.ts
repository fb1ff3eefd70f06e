import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { withoutSecrets } from "../hostinfo/secrets.ts";

const execute = promisify(execFile);
const ASK_MS = 60_000;

/** A Python interpreter as the sandbox has to know it: where its program and its packages lie. */
export interface PythonPlace {
  executable: string;
  /** Everything it reads to start and to import its packages. */
  folders: string[];
}

const facts = z.object({ executable: z.string(), prefixes: z.array(z.string()) });
const program =
  "import json, sys; print(json.dumps({'executable': sys.executable, 'prefixes': [sys.prefix, sys.base_prefix, sys.exec_prefix]}))";

/** Asks an interpreter where it lives. @throws Error when it does not answer within a minute */
export async function placeOf(python: string): Promise<PythonPlace> {
  const { stdout } = await execute(python, ["-I", "-c", program], {
    timeout: ASK_MS,
    env: withoutSecrets(process.env),
  });
  const { executable, prefixes } = facts.parse(JSON.parse(stdout));
  const real = path.dirname(path.dirname(await realpath(executable)));
  const folders = [...new Set([...prefixes, real])].filter((folder) => !isWithin(folder, "/usr") && folder !== "/");
  return { executable, folders: folders.filter((a) => !folders.some((b) => a !== b && isWithin(a, b))) };
}

function isWithin(folder: string, parent: string): boolean {
  return folder === parent || folder.startsWith(`${parent}/`);
}
