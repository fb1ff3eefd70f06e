import * as z from "zod";

/**
 * What a panel's two ends say to each other. Each panel has a contract in `src/panels/<name>/messages.ts`, which both ends import;
 * whatever arrives is parsed against it, and a handler that is missing on either side does not compile.
 */
export interface PanelContract {
  /** Asked by the webview, answered by the extension host. */
  readonly requests: Readonly<Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>>;
  /** Told by the extension host. */
  readonly events: Readonly<Record<string, z.ZodType>>;
  /** Where the person is: the only thing that outlives the window. No data of a run belongs here. */
  readonly state: z.ZodType;
  /** The texts that the webview shows, in the person's language. */
  readonly words: z.ZodType;
}

export type RequestName<C extends PanelContract> = keyof C["requests"] & string;
export type RequestParams<C extends PanelContract, M extends RequestName<C>> = z.output<C["requests"][M]["params"]>;
export type RequestResult<C extends PanelContract, M extends RequestName<C>> = z.output<C["requests"][M]["result"]>;
export type EventName<C extends PanelContract> = keyof C["events"] & string;
export type EventValue<C extends PanelContract, E extends EventName<C>> = z.output<C["events"][E]>;
export type PanelState<C extends PanelContract> = z.output<C["state"]>;
export type PanelWords<C extends PanelContract> = z.output<C["words"]>;

/** The host's answers to a panel. The signal aborts when the webview cancels, gives up waiting, or is gone. */
export type RequestHandlers<C extends PanelContract> = {
  readonly [M in RequestName<C>]: (
    params: RequestParams<C, M>,
    signal: AbortSignal,
  ) => Promise<z.input<C["requests"][M]["result"]>>;
};

/** What the webview does about each event. */
export type EventHandlers<C extends PanelContract> = {
  readonly [E in EventName<C>]: (value: EventValue<C, E>) => void;
};

/** Numbers that one request and its answer share; the webview counts them from 1. */
const id = z.number().int().min(1);

export const fromWebview = z.discriminatedUnion("kind", [
  /** The page listens: it was made, or made anew after it had been hidden. */
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("state"), state: z.unknown() }),
  z.object({ kind: z.literal("request"), id, method: z.string().max(64), params: z.unknown() }),
  z.object({ kind: z.literal("cancel"), id }),
  /** Something in the page went wrong that nobody asked about; it goes to the log. */
  z.object({ kind: z.literal("trouble"), message: z.string().max(4000) }),
]);
export type FromWebview = z.infer<typeof fromWebview>;

export const toWebview = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("answer"), id, value: z.unknown() }),
  z.object({ kind: z.literal("refusal"), id, reason: z.string(), message: z.string() }),
  z.object({ kind: z.literal("event"), name: z.string(), value: z.unknown() }),
  z.object({ kind: z.literal("state"), state: z.unknown() }),
  /** The answer to what the page is about to ask, before it asks. */
  z.object({ kind: z.literal("ahead"), method: z.string(), params: z.unknown(), value: z.unknown() }),
]);
export type ToWebview = z.infer<typeof toWebview>;

/** Equal for requests that ask the same, in whatever order the members of their objects stand. */
export function requestKey(method: string, params: unknown): string {
  return `${method} ${JSON.stringify(params, (_, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )}`;
}

/** Texts of the states that every panel has; a panel's own words come on top. */
export const stateWords = {
  loading: z.string(),
  retry: z.string(),
  failed: z.string(),
  /** The host does not answer in time: `{seconds}`. */
  timeout: z.string(),
  malformed: z.string(),
};

/** How the link to a host stands, as far as a panel shows it. Times are milliseconds since 1970. */
export const linkStatus = z.object({
  kind: z.enum(["connected", "connecting", "waiting", "stopped", "idle"]),
  /** When something was last heard of the host; null if never in this window. */
  lastHeard: z.number().nullable(),
  /** Why there is no connection, in a sentence. */
  why: z.string().nullable(),
});
export type LinkStatus = z.infer<typeof linkStatus>;

/** A typed array of either realm: those that crossed from the host are not `instanceof` the page's own classes. */
export const float64Array = z.custom<Float64Array>(
  (value) => ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Float64Array]",
  "not an array of 64-bit floats",
);
