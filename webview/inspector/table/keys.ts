/** The row that a key moves to among `total` rows; null when the key moves nothing. `page` is the number of rows in view. */
export function moved(key: string, from: number | null, total: number, page: number): number | null {
  if (total === 0) return null;
  const last = total - 1;
  const within = (index: number) => Math.max(0, Math.min(last, index));
  switch (key) {
    case "ArrowDown":
      return from === null ? 0 : within(from + 1);
    case "ArrowUp":
      return from === null ? last : within(from - 1);
    case "PageDown":
      return from === null ? 0 : within(from + page);
    case "PageUp":
      return from === null ? last : within(from - page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
