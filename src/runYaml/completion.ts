import { usualValue } from "../../remote-agent/src/protocol/configSchema.ts";
import type { PresetName } from "../../remote-agent/src/protocol/presets.ts";
import { presetText, type SchemaWords, settingText } from "./describe.ts";
import { type Place, placeAt } from "./place.ts";
import { namedValues, presetIn, settingAt, settingsOf } from "./settings.ts";

/** Something that can be written at a place. */
export interface Offer {
  readonly label: string;
  /** Beside the label: the default. */
  readonly detail: string;
  /** As a snippet of VS Code; further lines are indented from the first one's indentation on. */
  readonly insert: string;
  readonly documentation: string | null;
  readonly kind: "group" | "setting" | "value";
  /** What it replaces. */
  readonly from: number;
  readonly to: number;
}

/** What can be written at an offset of a run.yaml: settings with their defaults, or the values that can be named. */
export function completionsAt(text: string, offset: number, words: SchemaWords): Offer[] {
  const place = placeAt(text, offset);
  if (place === null) return [];
  const preset = presetIn(text);
  return place.kind === "key" ? keyOffers(place, preset, words) : valueOffers(place, preset, words);
}

function keyOffers(place: Place, preset: PresetName, words: SchemaWords): Offer[] {
  const group = settingAt(place.path);
  if (group === null) return [];
  return Object.entries(settingsOf(group))
    .filter(([name]) => !place.present.includes(name))
    .map(([name, schema]) => {
      const path = [...place.path, name];
      const isGroup = Object.keys(settingsOf(schema)).length > 0;
      const own = usualValue(path, preset);
      const usual = own === undefined ? schema.default : own;
      return {
        label: name,
        detail: isGroup || usual === undefined ? "" : JSON.stringify(usual),
        insert: place.named ? escaped(name) : `${name}:${isGroup ? groupBody(place) : valueBody(path, usual)}`,
        documentation: settingText(path, preset, words),
        kind: isGroup ? ("group" as const) : ("setting" as const),
        from: place.from,
        to: place.to,
      };
    });
}

function valueOffers({ path, from, to }: Place, preset: PresetName, words: SchemaWords): Offer[] {
  const schema = settingAt(path);
  if (schema === null || Object.keys(schema.properties ?? {}).length > 0) return [];
  const usual = usualValue(path, preset);
  const named = namedValues(schema).map((value) => (value === null ? "null" : String(value)));
  const shown = usual === undefined || typeof usual === "object" ? null : String(usual);
  return [...new Set(shown === null ? named : [shown, ...named])].map((value) => ({
    label: value,
    detail: value === shown ? words.usual(value, preset) : "",
    insert: escaped(value),
    documentation: path.join(".") === "preset" ? presetText(value, words) : null,
    kind: "value",
    from,
    to,
  }));
}

function groupBody({ flow }: Place): string {
  return flow ? " {$0}" : "\n  $0";
}

/** The default, selected, so that typing replaces it; a list to choose from where there is one. */
function valueBody(path: readonly string[], usual: unknown): string {
  const schema = settingAt(path);
  const choices = (schema === null ? [] : namedValues(schema)).map((value) =>
    value === null ? "null" : String(value),
  );
  const first = usual === undefined ? null : String(usual);
  if (choices.length > 1) {
    const ordered = [...new Set(first === null ? choices : [first, ...choices])];
    return ` \${1|${ordered.map((choice) => choice.replace(/[\\,|$}]/g, "\\$&")).join(",")}|}`;
  }
  return first === null ? " $1" : ` \${1:${escaped(first)}}`;
}

function escaped(text: string): string {
  return text.replace(/[\\$}]/g, "\\$&");
}
