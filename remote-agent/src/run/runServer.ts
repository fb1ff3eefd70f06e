import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import type { ResolvedRun } from "../protocol/config.ts";
import type { RunState } from "../protocol/records.ts";
import { annotationSummaryOf } from "./annotations.ts";
import type { Asides } from "./asides.ts";
import type { RunControl } from "./control.ts";
import { Feed, RecentRecords } from "./feed.ts";
import type { LiveExtensions } from "./liveExtensions.ts";
import { LogFeed } from "./logs/logFeed.ts";
import type { LogSelection } from "./logs/mergedLogs.ts";
import type { OpenedRun } from "./opened.ts";
import { foreignOriginOf } from "./origin.ts";
import { reaskHandlers } from "./reaskHandlers.ts";
import type { ReviewGate } from "./reviewGate.ts";
import { reviewHandlers } from "./reviewHandlers.ts";
import { connectionOver, type Handlers, refused, serve } from "./rpcPeer.ts";
import { writeDerived } from "./runDir.ts";
import { makeSocketDirectory, runSocketPath } from "./socketPath.ts";
import type { TelemetryRecorder } from "./telemetry/recorder.ts";

export interface RunServer {
  /** Sends what is durable to every subscriber, then closes. */
  close(): Promise<void>;
}

interface Served {
  run: ResolvedRun;
  runDir: string;
  opened: OpenedRun;
  control: RunControl;
  extensions: LiveExtensions;
  gate: ReviewGate;
  /** Null where no engine is at hand: no question is asked again. */
  asides: Asides | null;
  telemetry: TelemetryRecorder;
}

/** Limit for saying good-bye to subscribers that do not read. */
const FAREWELL_MS = 3000;

/** Serves one run to clients on its unix socket (0600 in a 0700 directory). */
export async function serveRun(served: Served): Promise<RunServer> {
  const { opened, runDir } = served;
  const socketPath = runSocketPath(runDir, process.env);
  await makeSocketDirectory(socketPath);
  await rm(socketPath, { force: true }); // we hold the run's lock: a socket that is there has no owner
  const recent = new RecentRecords();
  const feeds = new Set<Feed>();
  const logFeeds = new Set<LogFeed>();
  const closing = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  // One write after the other, each of the view as it is by then: a later one is never overtaken by an earlier one.
  let summary: Promise<void> = Promise.resolve();
  const writeSummary = (): Promise<void> => {
    const write = () => writeDerived(path.join(runDir, "summary.json"), opened.view);
    summary = summary.then(write).catch(() => undefined); // derived: lists read the journal instead
    return summary;
  };
  const published = opened.journal.onPublish((records) => {
    recent.add(records);
    for (const feed of feeds) feed.poke();
    if (records.some((record) => record.type === "state" || record.type === "stage")) {
      writeSummary();
    }
  });
  const reviewing = reviewHandlers(served);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined); // closing follows
    const own = new Map<string, Feed>();
    const ownLogs = new Map<string, LogFeed>();
    const gone = new AbortController();
    const connection = connectionOver({ read: socket, write: socket });
    connection.onError(() => undefined);
    socket.once("close", () => {
      sockets.delete(socket);
      gone.abort(new Error("The client that asked has gone."));
      for (const feed of own.values()) feeds.delete(feed);
      for (const feed of ownLogs.values()) feed.close();
    });
    serve(connection, {
      ...commandHandlers(served),
      ...reviewing,
      ...reaskHandlers(served.asides, {
        gone: gone.signal,
        send: (answer) => connection.sendNotification("run/reask", answer),
      }),
      "runs/subscribe": async ({ since, types }) => {
        const id = randomUUID();
        const feed = new Feed({
          id,
          journal: opened.journal,
          recent,
          since,
          types,
          send: (events) => connection.sendNotification("run/events", events),
        });
        feed.done.catch(() => undefined).finally(() => feeds.delete(feed)); // a client that went away
        own.set(id, feed);
        feeds.add(feed);
        return { subscription: id };
      },
      "runs/logs": async (params) => {
        const id = randomUUID();
        const feed = new LogFeed({
          ...logSelection(params),
          id,
          last: params.last ?? null,
          directory: path.join(runDir, "logs"),
          writers: params.follow ? closing.promise : null,
          send: (logs) => connection.sendNotification("run/logs", logs),
        });
        ownLogs.set(id, feed);
        logFeeds.add(feed);
        const forget = () => {
          ownLogs.delete(id);
          logFeeds.delete(feed);
        };
        feed.done.then(forget, forget); // a client that went away, too
        return { subscription: id };
      },
      "runs/ack": async ({ subscription, to }) => {
        own.get(subscription)?.ack(to);
        ownLogs.get(subscription)?.ack(to);
        return {};
      },
      "runs/unsubscribe": async ({ subscription }) => {
        ownLogs.get(subscription)?.close();
        const feed = own.get(subscription);
        if (feed !== undefined) feeds.delete(feed);
        own.delete(subscription);
        return {};
      },
    });
    connection.listen();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path: socketPath, readableAll: false, writableAll: false }, resolve);
  });
  return {
    async close() {
      for (const feed of feeds) feed.end();
      closing.resolve();
      const farewell = Promise.allSettled([...feeds, ...logFeeds].map((feed) => feed.done));
      await Promise.race([farewell, new Promise((resolve) => setTimeout(resolve, FAREWELL_MS))]);
      published[Symbol.dispose]();
      for (const feed of logFeeds) feed.close();
      await writeSummary();
      for (const socket of sockets) socket.end();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, 200);
      await closed;
      await rm(socketPath, { force: true });
    },
  };
}

/** What a client asks of the logs. */
export function logSelection(params: { sources?: string[]; since?: number; after?: string }): LogSelection {
  return { sources: params.sources ?? null, since: params.since ?? null, after: params.after ?? null };
}

function commandHandlers({ run, runDir, opened, control, extensions, gate, telemetry }: Served): Handlers {
  const notAtGate = (handler: ReturnType<typeof command>) => async (params: { command: string; by: string }) => {
    if (gate.waiting === null || opened.commands.has(params.command)) return handler(params);
    throw refused(
      `Run ${run.id} waits for the review of iteration ${gate.waiting.iteration}: release it (\`rzero review ${run.id} --release keep\`) or stop the run.`,
      "WaitingForReview",
    );
  };
  const command = (name: "pause" | "resume" | "stop", act: () => void, state: RunState | null) => {
    return async (params: { command: string; by: string }) => {
      if (opened.commands.has(params.command)) return { state: opened.view.state, repeated: true };
      opened.commands.set(params.command, name);
      const records = [
        { type: "command" as const, id: params.command, command: name, by: params.by },
        ...(state === null ? [] : [{ type: "state" as const, state, reason: null, remedy: null }]),
      ];
      const stored = opened.journal.append(records, { durable: true, reserve: true });
      // A pause is in force as soon as its record is on its way: whoever writes a state after it must know of it.
      if (state !== null) act();
      await stored;
      if (state === null) act();
      return { state: opened.view.state, repeated: false };
    };
  };
  return {
    "agent/hello": async () => ({ agent: run.identity.agent, protocol: 1, pid: process.pid }),
    "runs/show": async () => ({
      id: run.id,
      name: run.config.name,
      directory: runDir,
      createdAt: run.createdAt,
      view: opened.view,
      live: true,
      annotations: await annotationSummaryOf(runDir),
      origin: await foreignOriginOf(runDir),
    }),
    "host/telemetry": async ({ since }) => telemetry.answer(since),
    "runs/pause": notAtGate(command("pause", () => control.pause(), "paused")),
    "runs/resume": notAtGate(command("resume", () => control.resume(), "running")),
    "runs/stop": command("stop", () => control.stop(), null),
    "runs/extend": (extension) => extensions.extend(extension),
  };
}
