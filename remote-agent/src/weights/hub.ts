import * as z from "zod";

/** A Hugging Face hub, or a mirror that speaks its API. */
export interface Hub {
  /** `https://huggingface.co`, or what HF_ENDPOINT says; no slash at the end. */
  readonly endpoint: string;
  /** Goes to the endpoint's own origin and nowhere else; null: without one. */
  readonly token: string | null;
  readonly fetch: typeof fetch;
}

/** A file of a model's repository, as the hub lists it. */
export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  /** The name of its content in the hub's cache: SHA-256 of large files, Git's SHA-1 of small ones. */
  readonly etag: string;
  readonly algorithm: "sha256" | "git-sha1";
}

/** The hub refused, does not know the model, or sent something unusable; the message is a sentence for the user. */
export class HubError extends Error {
  override readonly name: string = "HubError";
}

/** The model is private or gated, or the token is not valid. */
export class HubAccess extends HubError {
  override readonly name = "HubAccess";
}

const revision = z.looseObject({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
const entry = z.looseObject({
  type: z.string(),
  path: z.string(),
  size: z.number().int().min(0),
  oid: z.string(),
  lfs: z.looseObject({ oid: z.string(), size: z.number().int().min(0) }).optional(),
});

const ANSWER_MS = 30_000;

/** The commit that a branch of the model names. @throws HubError */
export async function commitOf(hub: Hub, model: string, branch: string, signal: AbortSignal): Promise<string> {
  const { sha } = revision.parse(await json(hub, `/api/models/${model}/revision/${branch}`, model, signal));
  return sha;
}

/** What of a model's repository a run needs: configuration, tokenizer and weights as safetensors. @throws HubError */
export async function filesOf(hub: Hub, model: string, commit: string, signal: AbortSignal): Promise<HubFile[]> {
  const listed = z.array(entry).parse(await json(hub, `/api/models/${model}/tree/${commit}`, model, signal));
  const files = listed.flatMap(({ type, path, size, oid, lfs }): HubFile[] => {
    if (type !== "file" || !isNeeded(path)) return [];
    const content = lfs?.oid ?? oid;
    const length = lfs === undefined ? 40 : 64;
    if (!new RegExp(`^[0-9a-f]{${length}}$`).test(content))
      throw new HubError(`${hub.endpoint} lists ${path} of ${model} with a hash that is none.`);
    const algorithm = lfs === undefined ? "git-sha1" : "sha256";
    return [{ name: path, bytes: lfs?.size ?? size, etag: content, algorithm }];
  });
  if (!files.some(({ name }) => name.endsWith(".safetensors")))
    throw new HubError(
      `${model} has no weights as safetensors on ${hub.endpoint}, which is the only kind that is loaded.`,
    );
  return files;
}

/** Text that is code or pickled data is not wanted: nothing of a model is executed. Names are single and plain: they become paths. */
export function isNeeded(name: string): boolean {
  if (!/^[\w][\w.-]{0,199}$/.test(name)) return false;
  return /\.safetensors$|\.safetensors\.index\.json$|^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|chat_template|preprocessor_config)\.json$|^(vocab|merges)\.txt$|^(tokenizer|spiece|sentencepiece.*)\.model$|^chat_template\.jinja$/.test(
    name,
  );
}

/** A request to the hub. Redirects to other places go without the token. @throws HubError */
export async function ask(
  { endpoint, token, fetch: get }: Hub,
  path: string,
  model: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await get(`${endpoint}${path}`, { headers: { ...headers, ...authorization }, signal });
  if (response.ok) return response;
  await response.body?.cancel();
  const { status } = response;
  if (status === 401 || status === 403) {
    const remedy =
      token === null ? "set a token of an account that may read it" : "the token that is set may not read it";
    throw new HubAccess(`${model} is private or gated on ${endpoint} (${status}): ${remedy}.`);
  }
  if (status === 404) throw new HubError(`${endpoint} has no model ${model} (404).`);
  throw new HubError(`${endpoint} answered ${status} for ${model}.`);
}

async function json(hub: Hub, path: string, model: string, signal: AbortSignal): Promise<unknown> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  try {
    const response = await ask(hub, path, model, { accept: "application/json" }, either);
    return await response.json();
  } catch (error) {
    if (signal.aborted || error instanceof HubError) throw error;
    throw new HubError(`${hub.endpoint} could not be asked for ${model}: ${causeOf(error)}`);
  }
}

export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
