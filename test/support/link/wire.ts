import { connect, createServer, type Socket } from "node:net";

/** A way to a TCP port of this machine as over a wire: bytes take their time, the wire can be cut, and it can hang. */
export interface Wire {
  readonly port: number;
  /** Milliseconds that a byte takes one way. */
  delayMs: number;
  /** Ends every connection at this instant, with what is under way. @returns how many there were */
  cut(): number;
  /** Nothing arrives any more, though no connection is closed; `false`: everything held back arrives. */
  hang(yes: boolean): void;
  /** Everything that clients sent, in order; kept while it is little. */
  sent(): Buffer;
  close(): Promise<void>;
}

export async function wireTo(target: number, delayMs = 0): Promise<Wire> {
  const pairs = new Set<{ near: Socket; far: Socket }>();
  const held: (() => void)[] = [];
  let hanging = false;
  const sent: Buffer[] = [];
  const wire = { delayMs };
  const carry = (from: Socket, to: Socket, see: (chunk: Buffer) => void) => {
    // In order, whatever timers do: each arrival writes what is due.
    const queue: { due: number; chunk: Buffer | null }[] = [];
    let timer: NodeJS.Timeout | null = null;
    const arrive = () => {
      timer = null;
      while (queue[0] !== undefined && queue[0].due <= performance.now()) {
        const { chunk } = queue.shift() as { chunk: Buffer | null };
        if (to.destroyed) continue;
        if (chunk === null) to.end();
        else to.write(chunk);
      }
      plan();
    };
    const plan = () => {
      const first = queue[0];
      if (first === undefined || timer !== null) return;
      timer = setTimeout(arrive, Math.max(0, first.due - performance.now()));
    };
    const put = (chunk: Buffer | null) => {
      if (chunk !== null) see(chunk);
      const work = () => {
        if (wire.delayMs === 0 && queue.length === 0) {
          if (!to.destroyed) chunk === null ? to.end() : to.write(chunk);
          return;
        }
        queue.push({ due: performance.now() + wire.delayMs, chunk });
        plan();
      };
      if (hanging) held.push(work);
      else work();
    };
    from.on("data", (chunk: Buffer) => put(chunk));
    from.on("end", () => put(null));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    const pair = { near, far };
    pairs.add(pair);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined); // closing follows
      socket.on("close", () => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    carry(near, far, (chunk) => {
      if (sent.length < 1000) sent.push(chunk);
    });
    carry(far, near, () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  const cut = () => {
    const all = [...pairs];
    for (const { near, far } of all) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    pairs.clear();
    return all.length;
  };
  return Object.assign(wire, {
    port: address.port,
    cut,
    hang: (yes: boolean) => {
      hanging = yes;
      if (!yes) for (const work of held.splice(0)) work();
    },
    sent: () => Buffer.concat(sent),
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
