import { Duplex, PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { AgentClient } from "../../../src/link/agentClient.ts";

it("a connection that is cut within a message leaves no timer behind", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  await new Promise((resolve) => setTimeout(resolve, 250)); // vitest's own timer has gone by
  const before = timers();
  const read = new PassThrough();
  const client = new AgentClient("node", Duplex.from({ readable: read, writable: new PassThrough() }));
  read.write('Content-Length: 100\r\n\r\n{"half": ');
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.close();
  await client.gone;
  await new Promise((resolve) => setImmediate(resolve));
  expect(timers()).toBe(before);
});
