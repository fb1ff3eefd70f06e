/** A share as a percentage; "–" where there is none. */
export function percent(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** To so many digits behind the point; "–" where there is none. */
export function decimal(value: number | null, digits = 3): string {
  return value === null ? "–" : value.toFixed(digits);
}

export function whole(value: number | null): string {
  return value === null ? "–" : String(Math.round(value));
}
