import { randomUUID } from "node:crypto";
import type { MessageConnection } from "vscode-jsonrpc/node";
import { TelemetrySampler } from "../hostinfo/telemetry.ts";
import type { WorkProgress } from "../protocol/launching.ts";
import type { RunEvents } from "../protocol/rpc.ts";
import { annotate, readAnnotations } from "../run/annotations.ts";
import { bytesBelow, deleteRun } from "../run/deleteRun.ts";
import { ViewReads } from "../run/index/viewReads.ts";
import type { Installation } from "../run/launch.ts";
import { serve } from "../run/rpcPeer.ts";
import { rzeroHome } from "../run/runDir.ts";
import { logSelection } from "../run/runServer.ts";
import { problemsOf } from "./checkRunYaml.ts";
import { filesOf, pieceOf } from "./clientFiles.ts";
import { openNamed, summaryOf } from "./connect.ts";
import { refuseLive } from "./deleteCommand.ts";
import { exportForClient } from "./exportForClient.ts";
import { extendRun } from "./extend.ts";
import { forkForClient } from "./forkForClient.ts";
import { telemetryOf } from "./hostTelemetry.ts";
import { launchPresets } from "./launchPresets.ts";
import { listRuns } from "./list.ts";
import { logsOf } from "./logs.ts";
import { fetchModel, findModel } from "./modelsOf.ts";
import { planOfText } from "./planOfText.ts";
import { type Relay, relayRun } from "./relay.ts";
import { reportForClient } from "./report/forClient.ts";
import { reviewHandlers } from "./reviewHandlers.ts";
import { runConfigView } from "./runConfigView.ts";
import { RunIndexes } from "./runIndexes.ts";
import { Starting } from "./starting.ts";
import { steer } from "./steer.ts";
import type { World } from "./world.ts";

export interface Host {
  env: NodeJS.ProcessEnv;
  installation: () => Promise<Installation>;
  /** Identity of this agent, for `agent/hello`. */
  agent: string;
  machine: Pick<World, "availableMemory" | "program">;
}

/**
 * Answers one client for all runs of a host: what a run's supervisor serves is relayed, what has none is read from its
 * journal. Answers how to let go of everything when the client has gone.
 */
export function serveHost(connection: MessageConnection, host: Host): () => void {
  const relays = new Map<string, Relay>();
  const sampler = new TelemetrySampler(rzeroHome(host.env));
  const indexes = new RunIndexes(host.env);
  const reads = new ViewReads(host.env);
  const gone = new AbortController();
  const starting = new Starting({ machine: host.machine, now: () => new Date() });
  const send = (events: RunEvents) => connection.sendNotification("run/events", events);
  const steering = (what: "pause" | "resume" | "stop") => {
    return async ({ run, ...command }: { run: string; command: string; by: string }) =>
      steer(what, await openNamed(host, run), command, host);
  };
  serve(connection, {
    ...indexes.handlers(),
    ...reviewHandlers(host, indexes, {
      gone: gone.signal,
      send: (answer) => connection.sendNotification("run/reask", answer),
    }),
    "agent/hello": async () => ({ agent: host.agent, protocol: 1, pid: process.pid }),
    "runs/list": () => listRuns(host.env, reads),
    "runs/show": async ({ run }) => {
      const found = await openNamed(host, run);
      return summaryOf(host.env, found.runDir, found.run);
    },
    "runs/presets": async ({ seed }) => ({ presets: launchPresets(seed) }),
    "runs/check": async ({ text }) => ({ problems: problemsOf(text) }),
    "runs/plan": async ({ text, after }) => planOfText(await host.installation(), text, after),
    "runs/start": async (start, signal) => {
      const tell = (progress: Omit<WorkProgress, "command">) =>
        connection.sendNotification("agent/progress", { command: start.command, ...progress });
      return starting.start(start, await host.installation(), tell, signal);
    },
    "models/find": async ({ model }) => findModel(model, host.env),
    "models/fetch": async ({ command, ...wanted }, signal) =>
      fetchModel(
        wanted,
        host.env,
        (progress) => void connection.sendNotification("agent/progress", { command, ...progress }),
        AbortSignal.any([signal, gone.signal]),
      ),
    "runs/pause": steering("pause"),
    "runs/resume": steering("resume"),
    "runs/stop": steering("stop"),
    "runs/extend": async ({ run, ...extension }) =>
      extendRun(await openNamed(host, run), extension, host.env, new Date()),
    "runs/fork": async ({ run, ...asked }) =>
      forkForClient(await host.installation(), await openNamed(host, run), asked, new Date()),
    "runs/delete": async ({ run }) => {
      const found = await openNamed(host, run);
      await refuseLive(host.env, found.runDir, found.run);
      return { run: found.run.id, bytes: await deleteRun(found.runDir) };
    },
    "runs/size": async ({ run }) => ({ bytes: await bytesBelow((await openNamed(host, run)).runDir) }),
    "runs/config": async ({ run }) => runConfigView(await openNamed(host, run)),
    "runs/annotations": async ({ run }) => ({
      annotations: await readAnnotations((await openNamed(host, run)).runDir),
    }),
    "runs/annotate": async ({ run, ...change }) => ({
      annotations: await annotate((await openNamed(host, run)).runDir, change, new Date()),
    }),
    "runs/files": async ({ run, ...asked }) => {
      const found = await openNamed(host, run);
      const { live } = await summaryOf(host.env, found.runDir, found.run);
      return { files: await filesOf(found, asked, host.env), live };
    },
    "runs/file": async ({ run, ...piece }) => pieceOf(await openNamed(host, run), piece, host.env),
    "runs/export": async ({ run, command, ...asked }, signal) =>
      exportForClient(await openNamed(host, run), asked, {
        env: host.env,
        installation: host.installation,
        now: new Date(),
        tell: (text) => connection.sendNotification("agent/progress", { command, text, done: null, total: null }),
        signal: AbortSignal.any([signal, gone.signal]),
      }),
    "runs/report": async ({ run, command, selection }, signal) =>
      reportForClient(await openNamed(host, run), selection, {
        env: host.env,
        now: new Date(),
        tell: (progress) => connection.sendNotification("agent/progress", { command, ...progress }),
        signal: AbortSignal.any([signal, gone.signal]),
      }),
    "host/telemetry": async (params) => telemetryOf(host.env, sampler, params),
    "runs/subscribe": async ({ run, since, types }) => {
      const found = await openNamed(host, run);
      const subscription = randomUUID();
      const relay = relayRun({ ...found, env: host.env, subscription, since, types, send });
      relays.set(subscription, relay);
      relay.done.finally(() => relays.delete(subscription));
      return { subscription };
    },
    "runs/logs": async ({ run, follow, ...params }) => {
      const { runDir } = await openNamed(host, run);
      const subscription = randomUUID();
      const feed = await logsOf(runDir, host.env, {
        ...logSelection(params),
        id: subscription,
        last: params.last ?? null,
        follow,
        send: (logs) => connection.sendNotification("run/logs", logs),
      });
      relays.set(subscription, feed);
      feed.done.catch(() => undefined).finally(() => relays.delete(subscription)); // a client that went away
      return { subscription };
    },
    "runs/ack": async ({ subscription, to }) => {
      relays.get(subscription)?.ack(to);
      return {};
    },
    "runs/unsubscribe": async ({ subscription }) => {
      relays.get(subscription)?.close();
      relays.delete(subscription);
      return {};
    },
  });
  return () => {
    for (const relay of relays.values()) relay.close();
    relays.clear();
    gone.abort();
    starting.close();
    indexes.close();
  };
}
