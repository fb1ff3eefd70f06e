import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeLeftovers } from "../../../scripts/demo/leftovers.mjs";

test("of killed demos nothing stays; editors at work, those just begun and everything else do", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-leftovers-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const now = Date.now();
  const made = async (name: string, minutes: number) => {
    await mkdir(path.join(folder, name, "user"), { recursive: true });
    await utimes(path.join(folder, name), new Date(), (now - minutes * 60_000) / 1000);
  };
  await made("demo-editor-killed", 60);
  await made("demo-editor-atwork", 60);
  await made("demo-editor-begun", 1);
  await made("demo-editor", 6000); // the profile of the VS Code that is installed
  await made("python", 6000);
  const server = `node code-server --user-data-dir=${path.join(folder, "demo-editor-atwork/user")}`;
  removeLeftovers(folder, now, null);
  expect(await readdir(folder)).toHaveLength(5);
  removeLeftovers(folder, now, `init\n${server}\n`);
  expect((await readdir(folder)).sort()).toEqual(["demo-editor", "demo-editor-atwork", "demo-editor-begun", "python"]);
  removeLeftovers(folder, now); // by what really runs here
  expect((await readdir(folder)).sort()).toEqual(["demo-editor", "demo-editor-begun", "python"]);
});
