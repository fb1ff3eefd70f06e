import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { alarmsConfig } from "../../../remote-agent/src/protocol/alarms.ts";
import { AlarmWebhook, WEBHOOK_VARIABLE } from "../../../remote-agent/src/run/alarms/webhook.ts";
import { collapse as alarm } from "../../support/alarmRecord.ts";
import { type Receiver, SECRET, startReceiver } from "../../support/webhookReceiver.ts";

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

/** `tryMs` is short only where nothing is to come: a busy machine may take long to answer. */
function webhookTo(
  webhook: string | null,
  { env = {}, tryMs = 10_000 }: { env?: NodeJS.ProcessEnv; tryMs?: number } = {},
) {
  const warnings: string[] = [];
  const run = { id: "20261127-demo", name: "demo" };
  const warn = async (message: string) => void warnings.push(message);
  return { hook: new AlarmWebhook({ webhook, run, env, warn, tryMs, waitMs: 5 }), warnings };
}

describe("a webhook gets each alarm once, as JSON", () => {
  test("with a text that chat services show, and its parts", async () => {
    const { hook, warnings } = webhookTo(receiver.url);
    hook.send(alarm);
    await hook.close();
    expect(receiver.got).toEqual([
      {
        method: "POST",
        type: "application/json",
        body: {
          text: `R-Zero run 20261127-demo: ${alarm.message} The run is stopped.`,
          run: { id: "20261127-demo", name: "demo" },
          alarm: expect.objectContaining({ rule: alarm.rule, iteration: 3, values: alarm.values }),
        },
      },
    ]);
    expect(warnings).toEqual([]);
  });

  test("after failures that pass, in order", async () => {
    receiver.answers.push(500, 503, 429);
    const { hook, warnings } = webhookTo("environment", { env: { [WEBHOOK_VARIABLE]: receiver.url } });
    hook.send(alarm);
    hook.send({ ...alarm, rule: "settled" });
    await hook.close();
    const rules = receiver.got.map(({ body }) => (body as { alarm: { rule: string } }).alarm.rule);
    expect(rules).toEqual([...Array(4).fill(alarm.rule), "settled"]);
    expect(warnings).toEqual([]);
  });
});

describe("what fails is told once, and never the address", () => {
  const told = async (webhook: string, options: Parameters<typeof webhookTo>[1] = {}) => {
    const { hook, warnings } = webhookTo(webhook, options);
    hook.send(alarm);
    hook.send(alarm);
    await hook.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain(SECRET);
    return warnings[0];
  };
  test("a refusal, without trying again", async () => {
    receiver.answers.push(403, 403);
    expect(await told(receiver.url)).toMatch(/answered 403/);
    expect(receiver.got).toHaveLength(2);
  });
  test("a redirect: the alarm goes nowhere but where it was sent", async () => {
    receiver.answers.push(307, 307);
    expect(await told(receiver.url)).toMatch(/answered 307/);
  });
  test("a receiver that never answers", async () => {
    receiver.answers.push(...Array.from({ length: 10 }, () => null));
    expect(await told(receiver.url, { tryMs: 50 })).toMatch(/did not answer in time/);
  });
  test("nobody there", async () => {
    await receiver.close();
    expect(await told(receiver.url)).toMatch(/cannot be reached \(ECONNREFUSED\)/);
    receiver = await startReceiver();
  });
  test("a variable that is not set, or holds no URL", async () => {
    expect(await told("environment")).toContain(`${WEBHOOK_VARIABLE} is not set`);
    expect(await told("environment", { env: { [WEBHOOK_VARIABLE]: `ftp://host/${SECRET}` } })).toMatch(
      /no http or https URL/,
    );
  });
});

test("a URL in run.yaml has no part that usually is a secret", () => {
  const accepts = (webhook: string) => alarmsConfig.safeParse({ webhook }).success;
  expect(accepts("environment")).toBe(true);
  expect(accepts("https://alarms.example.org/rzero")).toBe(true);
  for (const webhook of ["https://me:pass@example.org/", "https://example.org/?key=1", "file:///etc", "example.org"])
    expect(accepts(webhook)).toBe(false);
});
