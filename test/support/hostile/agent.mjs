// An agent that means harm: speaks JSON-RPC on its standard streams, well enough to be connected, then as `process.argv[2]` says.
const how = process.argv[2];
const out = process.stdout;
const frame = (value) => {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};
/** Writes what `make` gives for as long as somebody reads. */
const flood = (make) => {
  let n = 0;
  const more = () => {
    for (let open = true; open; ) {
      const next = make(n++);
      if (next === "") return out.off("drain", more);
      open = out.write(next);
    }
  };
  out.on("drain", more);
  more();
};
const view = {
  seq: 0,
  state: "running",
  reason: null,
  remedy: null,
  startedAt: 1,
  updatedAt: 1,
  stages: [],
  metrics: {},
  counts: { calls: 0, tasks: 0, trajectories: 0, completionTokens: 0, checkpoints: 0 },
  removed: { checkpoints: 0, optimizers: 0, payloads: 0, bytes: 0 },
  notices: [],
  usage: { agentCpuSeconds: 0, engineCpuSeconds: 0, wallSeconds: 0, engineIdleSeconds: 0, engineBusySeconds: 0 },
};
const name = "\u001b]0;owned\u0007\u001b[2J\u202eevil\n<img src=x onerror=alert(1)> [x](command:evil)";
// An id that is well-formed, and a name that every object has.
const run = { id: "constructor", name, directory: "/", createdAt: "x", view, live: true, tags: [], notes: "" };
const metric = (seq, id = seq) => ({
  v: 1,
  seq,
  epoch: 1,
  t: 1,
  type: "metric",
  id: String(id).padStart(24, "0"),
  call: "c",
  parents: [],
  name: `m${id}`,
  iteration: 1,
  stage: "solver",
  step: null,
  values: JSON.parse('{"__proto__": 1, "constructor": 2}'),
});
const events = (from, to, records, subscription = "s") =>
  frame({ jsonrpc: "2.0", method: "run/events", params: { subscription, from, to, records, ended: false } });

const misbehave = {
  "not json": () => out.write(frame("\u001b[31mnot json at all")),
  "no length": () => out.write("Hello: there\r\n\r\n{}"),
  "negative length": () => out.write("Content-Length: -5\r\n\r\n{}"),
  "huge length": () => {
    out.write("Content-Length: 99999999999\r\n\r\n");
    flood(() => "x".repeat(65536));
  },
  "a line without end": () => flood(() => "x".repeat(65536)),
  "two lengths": () => out.write("Content-Length: 2\r\nContent-Length: 90000\r\n\r\n{}"),
  "wrong types": () =>
    out.write(frame({ jsonrpc: "2.0", method: "run/events", params: { subscription: 7, from: "a" } })),
  "a list of lists": () => out.write(frame("[".repeat(4_000_000))),
  "figures without end": () => {
    let seq = 0;
    flood(() => {
      const from = seq;
      seq += 200;
      return events(
        from,
        seq,
        Array.from({ length: 200 }, (_, i) => metric(from + i + 1)),
      );
    });
  },
};
const survivable = {
  "unknown subscriptions": () => flood((n) => (n < 200_000 ? events(0, 1, [metric(1)], `other-${n}`) : "")),
  "a million events": () => flood((n) => (n < 1_000_000 ? events(n, n + 1, []) : "")),
  "unknown notifications": () =>
    flood((n) => (n < 100_000 ? frame({ jsonrpc: "2.0", method: `evil/${n}`, params: {} }) : "")),
  "answers nobody asked for": () =>
    flood((n) => (n < 100_000 ? frame({ jsonrpc: "2.0", id: 1e6 + n, result: {} }) : "")),
  "requests of its own": () =>
    flood((n) => (n < 50_000 ? frame({ jsonrpc: "2.0", id: n, method: "fs/read", params: ["/etc/passwd"] }) : "")),
  "ends without end": () => undefined,
};

let pending = Buffer.alloc(0);
process.stdin.on("data", (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  for (;;) {
    const at = pending.indexOf("\r\n\r\n");
    if (at < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(pending.subarray(0, at).toString())[1]);
    if (pending.length < at + 4 + length) return;
    const message = JSON.parse(pending.subarray(at + 4, at + 4 + length).toString());
    pending = pending.subarray(at + 4 + length);
    answer(message);
  }
});
out.on("error", () => process.exit(0));
process.stdin.on("end", () => process.exit(0));

let begun = false;
function answer({ id, method }) {
  const result =
    {
      "agent/hello": { agent: "evil", protocol: 1, pid: 1 },
      "runs/list": { runs: [run] },
      "runs/subscribe": { subscription: "s" },
    }[method] ?? {};
  if (id !== undefined) out.write(frame({ jsonrpc: "2.0", id, result }));
  if (method === "runs/subscribe" && how === "ends without end") {
    out.write(
      frame({
        jsonrpc: "2.0",
        method: "run/events",
        params: { subscription: "s", from: 0, to: 0, records: [], ended: true },
      }),
    );
  }
  if (method === "runs/subscribe" && !begun) {
    begun = true;
    (misbehave[how] ?? survivable[how])();
  }
}
