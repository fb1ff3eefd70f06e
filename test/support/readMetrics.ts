import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { pythonForTests } from "./python.ts";

const row = z.looseObject({ tag: z.string().optional(), step: z.number().optional() });

/** What a TensorBoard event file or a W&B file holds, in its order; every checksum is checked. */
export async function readMetrics(kind: "tensorboard" | "wandb", file: string): Promise<z.infer<typeof row>[]> {
  const script = path.join(import.meta.dirname, "readMetrics.py");
  const options = { maxBuffer: 2 ** 26, timeout: 100_000 };
  const { stdout } = await promisify(execFile)(pythonForTests(), [script, kind, file], options);
  return stdout
    .trim()
    .split("\n")
    .map((line) => row.parse(JSON.parse(line)));
}
