// Writes THIRD_PARTY_NOTICES: what is inside the bundles of dist/, with its licence texts, and what set-up installs for
// the engine, with its licences' names. `--print` writes to standard output instead. Needs RZERO_PYTHON (npm run sets it).
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { targets } from "./build/targets.mjs";
import { root } from "./setup/paths.mjs";
import { pins } from "./setup/requirements.mjs";

const rule = "=".repeat(80);

/** Folders of the npm packages whose code is in a bundle, as paths below the checkout. */
async function bundled() {
  const folders = new Set();
  for (const target of targets) {
    const { metafile } = await build({ ...target, write: false, metafile: true });
    for (const input of Object.keys(metafile.inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder) folders.add(folder);
    }
  }
  return [...folders].sort();
}

function npmNotice(folder) {
  const { name, version, license, homepage, repository } = JSON.parse(
    readFileSync(join(root, folder, "package.json"), "utf8"),
  );
  const link = homepage ?? (typeof repository === "string" ? repository : repository?.url) ?? "";
  const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  if (files.length === 0 && !license)
    throw new Error(`${folder} has neither a licence file nor a licence in its package.json.`);
  const texts = files.sort().map((file) =>
    readFileSync(join(root, folder, file), "utf8")
      .replace(/\r\n/g, "\n")
      .trim(),
  );
  return [`${name} ${version} (${license})`, link, "", ...texts].join("\n").trim();
}

/** Licence of each pinned Python package, by the metadata of the installed one. */
function pythonLicences() {
  const script = `
import importlib.metadata as m, json, sys
def licence(name):
    meta = m.metadata(name)
    given = meta.get("License-Expression") or meta.get("License") or ""
    if given and len(given) < 60 and "\\n" not in given:
        return given
    classified = [c.split("::")[-1].strip() for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
    return ", ".join(classified) or given.strip().split("\\n")[0] or "see its metadata"
print(json.dumps({name: licence(name) for name in sys.argv[1:]}))
`;
  const names = pins("engine").map(({ name }) => name);
  const python = process.env.RZERO_PYTHON ?? "python3";
  return JSON.parse(execFileSync(python, ["-c", script, ...names], { encoding: "utf8", timeout: 60_000 }));
}

const licences = pythonLicences();
const text = `R-Zero for VS Code: third-party notices
${rule}

Written by scripts/notices.mjs. The first part lists the npm packages whose code is inside the agent and the extension
as they are built. The second part lists the Python packages that set-up installs beside them; they are not part of
the distribution and come with their own licence texts. Node.js (MIT and others, https://nodejs.org) is installed
likewise.

${rule}
Part 1: inside the bundles
${rule}

${(await bundled()).map(npmNotice).join(`\n\n${rule}\n\n`)}

${rule}
Part 2: installed for the engine (remote-agent/engine/requirements.txt)
${rule}

${pins("engine")
  .map(({ name, version }) => `${name} ${version} (${licences[name]})`)
  .join("\n")}
`;

if (process.argv.includes("--print")) process.stdout.write(text);
else writeFileSync(join(root, "THIRD_PARTY_NOTICES"), text);
