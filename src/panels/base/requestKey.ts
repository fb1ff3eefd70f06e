/** Equal for requests that ask the same, in whatever order the members of their objects stand. */
export function requestKey(method: string, params: unknown): string {
  return `${method} ${JSON.stringify(params, (_, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )}`;
}
