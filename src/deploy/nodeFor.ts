import type { HostFacts } from "../hosts/hostFacts.ts";
import { nodeOf } from "../hosts/nodeOf.ts";
import { pythonOf } from "../hosts/pythonOf.ts";
import { say } from "../ssh/sentence.ts";
import { type Transport, TransportError } from "../ssh/transport.ts";
import { failed } from "./failed.ts";
import { bringNodeScript, probeEditorNodeScript, unpackNodeScript, uploadedNodeScript } from "./hostScripts.ts";
import { NODE_VERSION, type NodePlatform, type NodeRuntime, platformOf } from "./nodeRuntime.ts";
import { uploadFile } from "./uploadFile.ts";

/** The Node that runs the agent. */
export interface ChosenNode {
  readonly path: string;
  readonly from: "editor" | "host" | "pip" | "uploaded";
  /** Shell lines that come before it is called. */
  readonly before: string;
}

/** Ways to a Node beyond those that the host has by itself. */
export interface NodePorts {
  /** The program that runs the editor, where that may serve as Node on this machine; null: not. */
  readonly editor: string | null;
  /**
   * A runtime to upload from this computer; asks the person where they were not asked before. Null: they do not want that.
   * @throws RuntimeUnavailable
   */
  readonly runtime: (platform: NodePlatform) => Promise<NodeRuntime | null>;
}

export interface NodeOptions extends NodePorts {
  readonly root: string;
  /** Shell lines of the host's settings. */
  readonly before: string;
  readonly onProgress: (step: string, detail: string | null) => void;
  readonly signal: AbortSignal;
}

const LOOK_MS = 60_000;
const PIP_MS = 10 * 60_000;
const UNPACK_MS = 5 * 60_000;
const AS_NODE = "export ELECTRON_RUN_AS_NODE=1\n";

/**
 * The editor's own Node on this machine, else the host's, else one brought by pip, else one uploaded. @throws TransportError
 * when there is no way, with what was tried
 */
export async function nodeFor(transport: Transport, facts: HostFacts, options: NodeOptions): Promise<ChosenNode> {
  const { root, before, editor, onProgress, signal } = options;
  if (transport.via === "local" && editor !== null) {
    const script = before + AS_NODE + probeEditorNodeScript(editor);
    const tried = await transport.exec(script, { timeoutMs: LOOK_MS, signal });
    if (tried.code === 0) return { path: editor, from: "editor", before: AS_NODE };
  }
  const found = nodeOf(facts.nodes);
  if (found !== null) return { path: found.path, from: "host", before: "" };
  const uploaded = await transport.exec(uploadedNodeScript(root, NODE_VERSION), { timeoutMs: LOOK_MS, signal });
  const there = uploaded.stdout.trim();
  if (uploaded.code === 0 && there !== "") return { path: there, from: "uploaded", before: "" };
  const python = pythonOf(facts.pythons);
  if (python === null) {
    const sentence = say`${transport.host} has neither Node 22.16 nor a Python that it could be brought with: install Python 3.11 or newer there, or name one in the setting rzero.hosts.`;
    throw new TransportError("failed", sentence);
  }
  onProgress("Bringing Node", "from the Python package index");
  const script = before + bringNodeScript(root, python.path);
  const brought = await transport.exec(script, { timeoutMs: PIP_MS, signal });
  const path = brought.stdout.trim().split("\n").at(-1) ?? "";
  if (brought.code === 0 && path !== "") return { path, from: "pip", before: "" };
  const reason = failed(say`Node could not be installed by pip on ${transport.host}`, brought);
  if (reason.reason === "no_room") throw reason;
  onProgress("Bringing Node", reason.message);
  return upload(transport, facts, options, reason);
}

async function upload(
  transport: Transport,
  facts: HostFacts,
  { root, onProgress, signal, runtime }: NodeOptions,
  pip: TransportError,
): Promise<ChosenNode> {
  const platform = platformOf(facts.os);
  const archive = platform === null ? null : await runtime(platform);
  if (archive === null) throw pip;
  const step = "Uploading Node";
  onProgress(step, `${archive.platform} ${NODE_VERSION}`);
  const target = `${facts.root}/node/node-${archive.platform}-${NODE_VERSION}.tgz`;
  await uploadFile(transport, archive, target, {
    mode: 0o600,
    signal,
    onProgress: (bytes, total) => onProgress(step, `${Math.floor((100 * bytes) / total)} %`),
  });
  const script = unpackNodeScript(root, NODE_VERSION, target);
  const unpacked = await transport.exec(script, { timeoutMs: UNPACK_MS, signal });
  const path = unpacked.stdout.trim();
  if (unpacked.code !== 0 || path === "")
    throw failed(say`The uploaded Node could not be used on ${transport.host}`, unpacked);
  return { path, from: "uploaded", before: "" };
}
