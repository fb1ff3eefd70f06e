import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { readBlob, writeBlob } from "../../../remote-agent/src/run/journal/blobs.ts";
import { failure, MemoryFs } from "./memoryFs.ts";
import { RUN } from "./support.ts";

const ROWS = [{ question: "sort 3 1 2", answer: "1 2 3" }, { text: "π\n" }, 4, null];

test("rows are durable under the hash of their lines when the write resolves", async () => {
  const fs = new MemoryFs();
  const sha256 = await writeBlob(RUN, ROWS, fs);
  const lines = ROWS.map((row) => `${JSON.stringify(row)}\n`).join("");
  expect(sha256).toBe(createHash("sha256").update(lines).digest("hex"));
  expect(fs.paths).toEqual([`${RUN}/blobs/${sha256}.jsonl.gz`]);
  expect(
    await readBlob(
      RUN,
      sha256,
      fs.crash(() => 0),
    ),
  ).toEqual(ROWS);
});

test("the same rows are stored once, also when written at the same time", async () => {
  const fs = new MemoryFs();
  const [a, b] = await Promise.all([writeBlob(RUN, ROWS, fs), writeBlob(RUN, ROWS, fs)]);
  const renames = fs.operations.length;
  expect(await writeBlob(RUN, ROWS, fs)).toBe(a);
  expect(b).toBe(a);
  expect(fs.operations.slice(renames).map(({ operation }) => operation)).not.toContain("write");
  expect(fs.paths).toHaveLength(1);
});

test("a write that does not finish leaves no blob under its name", async () => {
  const fs = new MemoryFs();
  fs.intercept = (operation, path) => {
    if (operation === "datasync") throw failure("ENOSPC", path);
    return undefined;
  };
  await expect(writeBlob(RUN, ROWS, fs)).rejects.toMatchObject({ reason: "disk_full" });
  expect(fs.paths).toEqual([]);
});

test("a damaged, missing or misnamed blob is refused", async () => {
  const fs = new MemoryFs();
  const sha256 = await writeBlob(RUN, ROWS, fs);
  const other = await writeBlob(RUN, [1], fs);
  const path = (hash: string) => `${RUN}/blobs/${hash}.jsonl.gz`;
  await expect(readBlob(RUN, "0".repeat(64), fs)).rejects.toMatchObject({ reason: "blob_unreadable" });
  await expect(readBlob(RUN, "../../etc/passwd", fs)).rejects.toMatchObject({ reason: "blob_unreadable" });
  fs.put(path(other), fs.content(path(sha256)));
  await expect(readBlob(RUN, other, fs)).rejects.toThrow("not what its name says");
  fs.put(path(sha256), fs.content(path(sha256)).subarray(0, 30));
  await expect(readBlob(RUN, sha256, fs)).rejects.toThrow("not a whole gzip file");
});
