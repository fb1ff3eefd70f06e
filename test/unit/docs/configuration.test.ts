import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configurationPage, file } from "../../../scripts/configuration-doc.ts";

test("docs/configuration.md is what the schema says (`node scripts/configuration-doc.ts` writes it)", async () => {
  expect(await readFile(file, "utf8")).toBe(configurationPage());
});
