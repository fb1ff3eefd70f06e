import * as z from "zod";
import { factsOf } from "../hosts/hostFacts.ts";
import { type HostSettings, preamble } from "../hosts/hostSettings.ts";
import { probeScript } from "../hosts/probeScript.ts";
import { say } from "../ssh/sentence.ts";
import { type ByteStream, type Transport, TransportError } from "../ssh/transport.ts";
import { failed } from "./failed.ts";
import { agentScript, environmentScript, isDeployedScript, unpackScript } from "./hostScripts.ts";
import { type ChosenNode, type NodePorts, nodeFor } from "./nodeFor.ts";
import type { Payload } from "./payload.ts";

/** An agent on a host, ready to answer. */
export interface Deployment {
  readonly id: string;
  /** Absolute path of the folder on the host below which everything lies. */
  readonly root: string;
  readonly node: string;
  /** Where that Node came from. */
  readonly nodeFrom: ChosenNode["from"];
  readonly python: string;
  /** A shell script that runs `rzero` there, for a terminal. */
  command(args: readonly string[]): string;
  /** A stream to a new `rzero serve --stdio`, over this or a later connection to the host. @throws TransportError */
  serve(over: Transport, signal?: AbortSignal): Promise<ByteStream>;
}

export interface DeployOptions {
  readonly settings: HostSettings;
  readonly payload: Payload;
  /** What is being done, for a progress bar and the log. */
  readonly onProgress: (step: string, detail: string | null) => void;
  readonly signal: AbortSignal;
  /** Ways to a Node that the host does not have; absent: only pip. */
  readonly node?: NodePorts;
}

const LOOK_MS = 120_000;
const UPLOAD_MS = 10 * 60_000;
const UNPACK_MS = 3 * 60_000;
const ENVIRONMENT_MS = 60 * 60_000;

const saidOf: Record<ChosenNode["from"], string> = {
  editor: "the editor's own",
  host: "found on the host",
  pip: "brought from the Python package index",
  uploaded: "uploaded from this computer",
};

const interpreter = z.object({ python: z.string().min(1) });

/**
 * Brings agent, engine and Python environment to a host, or finds them there. What is there already is used; an agent that is
 * running is not touched, since every deployment has a folder of its own.
 *
 * @throws TransportError with a sentence for the user
 */
export async function deploy(transport: Transport, options: DeployOptions): Promise<Deployment> {
  const { settings, payload, onProgress, signal } = options;
  const { root, gpus } = settings;
  const { host } = transport;
  const before = preamble(settings);
  const ownCache = transport.via !== "local";
  onProgress("Looking at the host", null);
  const looked = await transport.exec(before + probeScript(root), { timeoutMs: LOOK_MS, signal });
  const facts = factsOf(looked.stdout);
  if (!facts.rootWritable) {
    throw new TransportError(
      "denied",
      say`${facts.root} on ${host} cannot be written: choose another folder in the setting rzero.hosts.`,
    );
  }
  const there = await transport.exec(isDeployedScript(root, payload.id), { timeoutMs: LOOK_MS, signal });
  if (there.code !== 0)
    throw failed(
      say`${facts.root} (choose another folder in the setting rzero.hosts) could not be made on ${host}`,
      there,
    );
  if (!there.stdout.startsWith("yes")) await upload(transport, facts.root, options);
  const ports = options.node ?? { editor: null, runtime: async () => null };
  const chosen = await nodeFor(transport, facts, { ...ports, root, before, onProgress, signal });
  const node = chosen.path;
  onProgress("Node", `${node} (${saidOf[chosen.from]})`);
  onProgress("Preparing the Python environment", null);
  const python = await environment(
    transport,
    before + chosen.before + environmentScript(root, payload.id, node, ownCache),
    options,
  );
  const visible = gpus === null ? "" : `export CUDA_VISIBLE_DEVICES=${gpus.join(",")}\n`;
  const command = (args: readonly string[]) =>
    before + chosen.before + visible + agentScript({ root, id: payload.id, node, python, ownCache }, args);
  return {
    id: payload.id,
    root: facts.root,
    node,
    nodeFrom: chosen.from,
    python,
    command,
    serve: (over, abort) => over.open(command(["serve", "--stdio"]), abort === undefined ? {} : { signal: abort }),
  };
}

async function upload(transport: Transport, root: string, { settings, payload, onProgress, signal }: DeployOptions) {
  const total = payload.archive.length;
  onProgress("Uploading the agent", null);
  await transport.putFile(payload.archive, `${root}/deploy/${payload.id}.tgz`, {
    mode: 0o600,
    timeoutMs: UPLOAD_MS,
    signal,
    onProgress: (bytes) => onProgress("Uploading the agent", `${Math.round((100 * bytes) / total)} %`),
  });
  const unpacked = await transport.exec(unpackScript(settings.root, payload.id), { timeoutMs: UNPACK_MS, signal });
  if (unpacked.code !== 0) throw failed(say`The agent could not be unpacked on ${transport.host}`, unpacked);
}

/** Runs the set-up and passes its lines on while it works. */
async function environment(
  transport: Transport,
  script: string,
  { onProgress, signal }: DeployOptions,
): Promise<string> {
  const limit = AbortSignal.timeout(ENVIRONMENT_MS);
  const either = AbortSignal.any([signal, limit]);
  const { stream, ended, close } = await transport.open(script, { signal: either });
  either.addEventListener("abort", close, { once: true });
  const lines: string[] = [];
  let pending = "";
  stream.on("data", (chunk: Buffer) => {
    const whole = (pending + chunk.toString("utf8")).split("\n");
    pending = (whole.pop() ?? "").slice(-10_000);
    for (const line of whole) {
      lines.push(line);
      if (lines.length > 200) lines.shift();
      if (!line.startsWith("{")) onProgress("Preparing the Python environment", line.replace(/^[•…✓✗\s]+/, ""));
    }
  });
  const { code } = await ended;
  either.removeEventListener("abort", close);
  close();
  const { host } = transport;
  if (signal.aborted) {
    throw new TransportError("cancelled", say`The set-up of ${host} was cancelled; what is done is kept.`);
  }
  if (limit.aborted) {
    const minutes = ENVIRONMENT_MS / 60_000;
    throw new TransportError(
      "timeout",
      say`The Python environment on ${host} was not ready within ${minutes} minutes.`,
    );
  }
  const found = interpreter.safeParse(parsed(lines.findLast((line) => line.startsWith("{")) ?? ""));
  if (code === 0 && found.success) return found.data.python;
  if (code === null)
    throw new TransportError("lost", say`The connection to ${host} was lost while its Python was prepared.`);
  const said = lines
    .filter((line) => line.trim() !== "")
    .slice(-3)
    .join(" ");
  throw new TransportError(
    "failed",
    say`The Python environment on ${host} could not be made: ${said}`,
    lines.join("\n"),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no line of JSON: the caller says what there was
  }
}
