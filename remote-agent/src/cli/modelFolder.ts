import path from "node:path";
import { exists } from "../run/install.ts";
import { UsageError } from "./world.ts";

const needed = ["config.json", "tokenizer.json"];

/** The folder of a Hugging Face model that a configuration names. @throws UsageError when it is not one. */
export async function modelFolder(model: string, folder: string): Promise<string> {
  const directory = path.resolve(folder, model);
  if (!(await exists(directory))) {
    throw new UsageError(
      `There is no model folder ${directory}. Set \`model\` to a folder in Hugging Face layout, or to \`demo\`; ` +
        "`hf download NAME --local-dir FOLDER` fetches one.",
    );
  }
  for (const name of needed) {
    if (!(await exists(path.join(directory, name))))
      throw new UsageError(`${directory} is no Hugging Face model folder: it has no ${name}.`);
  }
  return directory;
}
