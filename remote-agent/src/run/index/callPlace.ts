/** Where in the recipe a call was made, from its key: `iteration:2/challenger/step:3/rollout:ask/chunk:0`. */
export interface CallPlace {
  /** 0 outside of every iteration. */
  readonly iteration: number;
  /** The first part of the key that is a plain name; "" when there is none. */
  readonly stage: string;
  readonly step: number | null;
}

export function callPlace(key: string): CallPlace {
  let iteration = 0;
  let step: number | null = null;
  let stage = "";
  for (const part of key.split("/")) {
    const colon = part.indexOf(":");
    if (colon < 0) stage ||= part;
    else if (part.startsWith("iteration:")) iteration = whole(part, colon) ?? 0;
    else if (part.startsWith("step:")) step = whole(part, colon);
  }
  return { iteration, stage, step };
}

function whole(part: string, colon: number): number | null {
  const value = Number(part.slice(colon + 1));
  return Number.isSafeInteger(value) ? value : null;
}
