import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type MethodName, methods, notifications } from "../../../remote-agent/src/protocol/rpc.ts";
import { file, protocolPage } from "../../../scripts/protocol-doc.ts";

test("docs/protocol.md is what the schemas say (`node scripts/protocol-doc.ts` writes it)", async () => {
  const page = await readFile(file, "utf8");
  expect(page).toBe(await protocolPage(page));
});

test("the session in docs/protocol.md is one that the schemas allow, every request answered", async () => {
  const session = /```json\n([\s\S]*?)```/.exec(await readFile(file, "utf8"))?.[1] ?? "";
  const lines = session.trim().split("\n");
  expect(lines.length).toBeGreaterThan(12);
  const asked = new Map<number, MethodName>();
  for (const line of lines) {
    const message = JSON.parse(line.slice(2));
    if (line.startsWith("→ ")) {
      const method = message.method as MethodName;
      expect(methods[method].params.parse(message.params), method).toMatchObject(message.params);
      asked.set(message.id, method);
    } else if ("id" in message) {
      const method = asked.get(message.id);
      if (method === undefined) throw new Error(`nothing was asked as ${message.id}`);
      expect(methods[method].result.parse(message.result)).toEqual(message.result);
      asked.delete(message.id);
    } else {
      const schema = notifications[message.method as keyof typeof notifications];
      expect(schema.parse(message.params)).toEqual(message.params);
    }
  }
  expect([...asked.values()], "unanswered").toEqual([]);
});
