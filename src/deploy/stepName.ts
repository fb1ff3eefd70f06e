import type { L10n } from "../l10n.ts";

/** What is being done on the way to a host, in the person's language; the steps themselves are words of deploy.ts. */
export function stepName(step: string, l10n: L10n): string {
  switch (step) {
    case "":
      return l10n.t("connecting…");
    case "Looking at the host":
      return l10n.t("Looking at the host…");
    case "Uploading the agent":
      return l10n.t("Uploading the agent…");
    case "Bringing Node":
      return l10n.t("Bringing Node…");
    case "Preparing the Python environment":
      return l10n.t("Preparing the Python environment…");
    default:
      return `${step}…`;
  }
}
