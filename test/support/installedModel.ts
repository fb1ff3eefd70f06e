import { afterAll, beforeAll } from "vitest";
import { baseModel, temporaryInstallation } from "./demoRun.ts";

/** For the tests of a file: an installation with a home of its own, which goes with them, and the demo's base model. */
export function installedModel() {
  let home: Awaited<ReturnType<typeof temporaryInstallation>>;
  let model: string;
  beforeAll(async () => {
    home = await temporaryInstallation();
    model = await baseModel(home);
  }, 600_000);
  afterAll(() => home.remove());
  return () => ({ home, model });
}
