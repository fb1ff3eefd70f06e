// connectEngine: from an address and a token to an `Engine`.

import {
  acknowledged,
  modelStateAnswer,
  sessionCreated,
  statusAnswer,
  type TrainingRequests,
} from "../protocol/wire.ts";
import { type Caller, createCaller } from "./caller.ts";
import { probeCapabilities } from "./capabilities.ts";
import type { Capabilities, Engine } from "./engine.ts";
import { EngineRefused, EngineUnsupported } from "./errors.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createHttpFetch, type Fetch } from "./httpFetch.ts";
import { type Clock, DEFAULT_TIMEOUTS, type Timeouts } from "./patience.ts";
import { createSampler } from "./sampling.ts";
import { systemClock } from "./systemClock.ts";
import { createTraining } from "./training.ts";

export interface ConnectOptions {
  /** Scheme, host and port; a slash at the end does not matter. */
  url: string;
  token: string;
  /** Which of the server's models to train; default: its first. */
  baseModel?: string;
  fetch?: Fetch;
  clock?: Clock;
  timeouts?: Partial<Timeouts>;
  heartbeatMs?: number;
  /** A heartbeat that failed (default: a process warning); the calls that matter fail by themselves. */
  onHeartbeatFailure?: (error: unknown) => void;
}

const SDK_VERSION = "rzero-agent/1";

/**
 * Probes what the server can do and opens a session.
 * @throws EngineGone when nobody answers within the retry budget, EngineRefused for a wrong token,
 * EngineUnsupported when the server speaks neither dialect or has no such base model.
 */
export async function connectEngine(options: ConnectOptions): Promise<Engine> {
  const url = options.url.replace(/\/+$/, "");
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const callerOptions = {
    url,
    token: options.token,
    fetch: options.fetch ?? createHttpFetch(),
    clock: options.clock ?? systemClock,
    timeouts,
  };
  const caller = createCaller(callerOptions);
  const capabilities = await probeCapabilities(caller, url);
  const trains = capabilities.losses.length > 0;
  const sessionId = trains ? await openSession(caller) : null;
  const heartbeat =
    sessionId === null
      ? null
      : startHeartbeat(caller, sessionId, options.heartbeatMs ?? 10_000, options.onHeartbeatFailure ?? warn);

  let epoch: number | undefined;
  const ours = capabilities.engine === "rzero";
  const training = createTraining({
    caller,
    capabilities,
    baseModel: chooseModel(capabilities, options.baseModel),
    sessionId,
    epoch: () => (ours ? epoch : undefined),
  });

  return {
    capabilities,
    sample: createSampler(caller, callerOptions, capabilities, sessionId),
    ...training,

    async deleteSnapshots(names) {
      if (!ours || names.length === 0) return; // elsewhere they end with the session
      const call = "delete snapshots";
      await caller.ask({ call, path: "/x/snapshots/delete", body: { names } }, acknowledged);
    },

    async state(modelId) {
      if (!ours) return null;
      const path = `/x/models/${encodeURIComponent(modelId)}/state`;
      try {
        const state = await caller.ask({ call: "model state", path, method: "GET" }, modelStateAnswer);
        return {
          epoch: state.epoch,
          appliedSeq: state.applied_seq,
          durableSeq: state.durable_seq,
          pendingGrads: state.pending_grads,
        };
      } catch (error) {
        if (error instanceof EngineRefused && error.status === 404) return null;
        throw error;
      }
    },

    async status() {
      const call = "status";
      if (!ours) throw new EngineUnsupported("Only the built-in engine tells its status.", { call });
      const status = await caller.ask({ call, path: "/x/status", method: "GET" }, statusAnswer);
      return {
        instance: status.instance,
        pid: status.pid,
        queueLength: status.queue_length,
        busy: status.busy,
        idleS: status.idle_s,
        busyS: status.busy_s,
        idleBefore: status.idle_before ?? {},
        models: status.models,
        snapshots: status.snapshots,
      };
    },

    setEpoch(next) {
      epoch = next;
    },

    async close() {
      heartbeat?.stop();
    },
  };
}

function warn(error: unknown): void {
  process.emitWarning(`engine heartbeat failed: ${String(error)}`);
}

async function openSession(caller: Caller): Promise<string> {
  const body: TrainingRequests["create_session"] = { tags: ["rzero"], sdk_version: SDK_VERSION };
  return (await caller.ask({ call: "create_session", body }, sessionCreated)).session_id;
}

function chooseModel({ models }: Capabilities, wanted?: string): string {
  if (wanted === undefined) return models[0] ?? "base";
  if (models.length === 0 || models.includes(wanted)) return wanted;
  throw new EngineUnsupported(`This engine does not serve ${wanted}; it has ${models.join(", ")}.`, {
    call: "create_model",
  });
}
