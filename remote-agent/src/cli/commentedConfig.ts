import { Document, isMap, isScalar, type YAMLMap } from "yaml";
import * as z from "zod";
import { type RunConfig, runSettings } from "../protocol/config.ts";

interface Described {
  description?: string;
  properties?: Record<string, Described>;
  anyOf?: Described[];
  oneOf?: Described[];
}

/** A whole run.yaml: every setting with its value, and above it what it means, where that is said for the first time. */
export function commentedConfig(config: RunConfig, heading: readonly string[]): string {
  const document = new Document(config);
  document.commentBefore = heading.map((line) => ` ${line}`).join("\n");
  const schema = z.toJSONSchema(runSettings, { io: "input", unrepresentable: "any" }) as Described;
  if (isMap(document.contents)) comment(document.contents, schema, new Set(), true);
  return document.toString({ lineWidth: 0 });
}

function comment(map: YAMLMap, schema: Described, said: Set<string>, isTop: boolean): void {
  for (const [i, { key, value }] of map.items.entries()) {
    if (!isScalar(key)) continue;
    // Sections stand apart, from what follows them as well.
    if (isTop && i > 0 && (isMap(value) || isMap(map.items[i - 1]?.value))) key.spaceBefore = true;
    const described = propertyOf(schema, String(key.value));
    const text = described?.description;
    if (text !== undefined && !said.has(text)) {
      said.add(text);
      key.commentBefore = ` ${text}`;
    }
    if (!isMap(value)) continue;
    if (described !== undefined) comment(value, described, said, false);
  }
}

function propertyOf(schema: Described, name: string): Described | undefined {
  const places = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return places.map(({ properties }) => properties?.[name]).find((found) => found !== undefined);
}
