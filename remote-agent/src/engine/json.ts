// JSON as engines write it. Python's json module emits NaN and Infinity, which are not JSON.

const BARE = /([[,:]\s*)(?:-?Infinity|NaN)(?=\s*[,\]}])/g;

/** NaN and ±Infinity become null, so that the checks can name their position; text that is no JSON comes back as it is. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(BARE, "$1null"));
    } catch {
      return text;
    }
  }
}
