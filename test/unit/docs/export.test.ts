import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exportPage, file } from "../../../scripts/export-doc.ts";

test("docs/export.md has the columns that an export has (node scripts/export-doc.ts writes it)", () => {
  expect(readFileSync(file, "utf8")).toBe(exportPage());
});
