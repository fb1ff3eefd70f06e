import { once } from "node:events";
import { connect } from "node:net";
import { HEARTBEAT_MS, SILENCE_MS } from "../slurm/bridge.ts";
import { LineFrames } from "../slurm/lineFrames.ts";
import type { World } from "./world.ts";

/**
 * `rzero bridge SOCKET`, the far end of a bridge, as a step of the supervisor's job: joins stdin and stdout to the socket. It
 * ends when the near end does, or has said nothing for half a minute: nobody would end a step whose login node has gone.
 */
export async function bridgeCommand(world: World, socketPath: string): Promise<number> {
  const socket = connect({ path: socketPath });
  await once(socket, "connect");
  const frames = new LineFrames((line) => world.stdout.write(line));
  const ended = Promise.withResolvers<void>();
  let heard = performance.now();
  frames.heartbeat(); // the socket is reached
  socket.on("data", (chunk) => frames.send(chunk));
  socket.on("error", () => undefined); // closing follows
  socket.once("close", () => ended.resolve());
  world.stdin.on("data", (text: Buffer) => {
    heard = performance.now();
    for (const chunk of frames.receive(text)) socket.write(chunk);
  });
  world.stdin.once("end", () => ended.resolve());
  world.stdin.once("error", () => ended.resolve());
  const watching = setInterval(() => {
    frames.heartbeat();
    if (performance.now() - heard > SILENCE_MS) ended.resolve();
  }, HEARTBEAT_MS);
  await ended.promise;
  clearInterval(watching);
  socket.destroy();
  return 0;
}
