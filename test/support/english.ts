import type { L10n } from "../../src/l10n.ts";

/** Messages as they stand in the sources. */
export const english: L10n = {
  t: (message, ...args) => message.replace(/\{(\d+)\}/g, (whole, n) => String(args[Number(n)] ?? whole)),
};
