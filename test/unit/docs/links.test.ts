import { access, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");

async function pagesIn(folder: string): Promise<string[]> {
  const names = await readdir(path.join(root, folder));
  return names.filter((name) => name.endsWith(".md")).map((name) => path.join(folder, name));
}

/** Targets of a page's relative links, from the root of the repository. */
async function linksOf(page: string): Promise<string[]> {
  const text = await readFile(path.join(root, page), "utf8");
  const prose = text.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => path.join(path.dirname(page), target));
}

test("every link from one page to another leads somewhere", async () => {
  const pages = ["README.md", "CONTRIBUTING.md", ...(await pagesIn("docs")), ...(await pagesIn("docs/benchmarks"))];
  const dead: string[] = [];
  for (const page of pages) {
    for (const target of await linksOf(page)) {
      const there = await access(path.join(root, target)).then(
        () => true,
        () => false,
      );
      if (!there) dead.push(`${page} → ${target}`);
    }
  }
  expect(dead).toEqual([]);
});

test.each([["docs"], ["docs/benchmarks"]])("%s/README.md lists every page beside it", async (folder) => {
  const linked = await linksOf(path.join(folder, "README.md"));
  const pages = (await pagesIn(folder)).filter((page) => path.basename(page) !== "README.md");
  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
});
