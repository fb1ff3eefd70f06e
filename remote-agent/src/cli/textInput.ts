import { readFile } from "node:fs/promises";
import { note, UsageError, type World } from "./world.ts";

/** The text of a file, or of stdin under the name `-`; `what` is what should be named. @throws UsageError */
export async function textInput(world: World, file: string, what: string): Promise<string> {
  if (file === "-") return readAll(world);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT") throw new UsageError(`There is no file ${file}. Name ${what}, or \`-\` for stdin.`);
    if (code === "EISDIR") throw new UsageError(`${file} is a folder. Name ${what}, or \`-\` for stdin.`);
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
}

async function readAll(world: World): Promise<string> {
  if ("isTTY" in world.stdin && world.stdin.isTTY === true) note(world, "Reading from the keyboard; Ctrl-D ends it.");
  const parts: Buffer[] = [];
  for await (const part of world.stdin) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString("utf8");
}
