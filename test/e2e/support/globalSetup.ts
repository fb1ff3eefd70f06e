import type { TestProject } from "vitest/node";
import { makeShared, type Shared } from "./shared.ts";

declare module "vitest" {
  interface ProvidedContext {
    e2e: Shared;
  }
}

/** Once for the whole layer. @returns what ends it */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { shared, close } = await makeShared();
  project.provide("e2e", shared);
  return close;
}
