import { closeSync, openSync, readSync } from "node:fs";

/** The beginning of a file, `most` bytes at most. */
export function firstBytes(file: string, most: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, most, 0));
  } finally {
    closeSync(descriptor);
  }
}
