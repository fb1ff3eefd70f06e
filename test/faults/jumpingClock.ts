/**
 * Loaded before a program (`node --import`): its clock is off by the milliseconds that the file RZERO_TEST_CLOCK holds, which
 * a test changes while the program runs, as when somebody sets a machine's clock.
 */
import { readFileSync } from "node:fs";

const file = process.env["RZERO_TEST_CLOCK"] ?? "";
const truth = Date.now.bind(Date);
const now = () => truth() + Number(readFileSync(file, "utf8") || 0);

globalThis.Date = new Proxy(Date, {
  construct: (target, given: []) => (given.length === 0 ? new target(now()) : Reflect.construct(target, given)),
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
});
