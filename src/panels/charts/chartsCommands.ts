import { commands } from "../../ids.ts";
import type { Handler, Services } from "../../services.ts";
import { panelsOnDemand } from "../base/onDemand.ts";

/** `R-Zero: Open Charts` and `R-Zero: Compare Charts`. */
export function chartsCommands(services: Services) {
  const { panels, registered } = panelsOnDemand("charts", async () => {
    const { Charts } = await import("./charts.ts");
    return new Charts(services);
  });
  services.context.subscriptions.push(registered);
  return {
    [commands.openCharts]: async (line, selected) => (await panels()).open(line, selected),
    [commands.compareCharts]: async (line, selected) => (await panels()).compare(line, selected),
  } satisfies Record<string, Handler>;
}
