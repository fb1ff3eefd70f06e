import type { Lineage } from "../protocol/questionRows.ts";
import { askIndex } from "./askIndex.ts";
import { plural } from "./format.ts";
import { harmless, shorten } from "./layout.ts";
import { print, printJson, type World, widthOf } from "./world.ts";

export interface LineageOptions {
  direction: "causes" | "effects" | "both";
  depth: number;
  limit: number;
  json?: boolean;
}

/** `rzero lineage RUN ID`: what led to a record, and what it led to. */
export async function lineageCommand(
  world: World,
  name: string,
  id: string,
  { json, ...options }: LineageOptions,
): Promise<number> {
  const found = await askIndex(world, name, (index, fresh) => index.lineage({ id, ...options }, fresh));
  if (json) printJson(world, found);
  else for (const line of lineageLines(found, widthOf(world))) print(world, line);
  return 0;
}

/** Causes above, the farthest first; effects below; each indented by its distance. */
export function lineageLines({ nodes, cut, sampledBy }: Lineage, width: number): string[] {
  const ordered = nodes.toSorted((a, b) => a.depth - b.depth);
  const lines = ordered.map(({ id, type, title, depth }) => {
    const mark = depth === 0 ? "●" : depth < 0 ? "↑" : "↓";
    return shorten(`${" ".repeat(2 * Math.abs(depth))}${mark} ${type.padEnd(10)} ${id}  ${harmless(title)}`, width);
  });
  const calls = sampledBy.map(
    ({ call, records }) => `  ↓ ${plural(records, "trajectory", "trajectories")} of ${harmless(call)}`,
  );
  return [
    ...lines,
    ...calls,
    ...(cut ? ["", "There is more: raise --depth or --limit, or ask for one of these records."] : []),
  ];
}
