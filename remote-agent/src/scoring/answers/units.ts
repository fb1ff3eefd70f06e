import { type Rational, rational } from "./exactSum.ts";

/** What stands after a number: its dimension, and how many of the dimension's base unit one of it is. */
export interface Unit {
  readonly dimension: string;
  readonly factor: Rational;
}

const table: Readonly<Record<string, readonly [names: string, numerator: number, denominator?: number][]>> = {
  length: [
    ["mm millimeter millimeters millimetre millimetres", 1, 1000],
    ["cm centimeter centimeters centimetre centimetres", 1, 100],
    ["m meter meters metre metres", 1],
    ["km kilometer kilometers kilometre kilometres", 1000],
  ],
  imperial: [
    ["inch inches", 1],
    ["foot feet ft", 12],
    ["yard yards", 36],
    ["mile miles", 63360],
  ],
  mass: [
    ["mg milligrams", 1, 1000],
    ["g gram grams", 1],
    ["kg kilogram kilograms", 1000],
  ],
  time: [
    ["s sec second seconds", 1],
    ["min minute minutes", 60],
    ["hr hrs hour hours", 3600],
    ["day days", 86400],
    ["week weeks", 604800],
  ],
  angle: [["degree degrees deg", 1]],
  dollar: [["dollar dollars", 1]],
  cent: [["cent cents", 1]],
  count: [["unit units", 1]],
};

const units: ReadonlyMap<string, Unit> = new Map(
  Object.entries(table).flatMap(([dimension, rows]) =>
    rows.flatMap(([names, numerator, denominator = 1]) =>
      names.split(" ").map((name) => [name, { dimension, factor: exact(numerator, denominator) }] as const),
    ),
  ),
);

/** Splits `5cm^2` or `12 square feet` into what is before the unit and the unit; null where no known unit ends the text. */
export function splitUnit(text: string): { before: string; unit: Unit } | null {
  const match = /^(.*?[\d)}\]]) ?(?:(square|cubic) )?([a-zA-Z]+)(?:\^\{?([23])\}?)?$/.exec(text);
  const [, before, word, name, power] = match ?? [];
  const unit = name === undefined ? undefined : units.get(name);
  if (before === undefined || unit === undefined) return null;
  // A lone letter right after a number is a variable more often than a unit: `3m`, `2s`, `5g` stay algebra.
  if (name?.length === 1 && !text.includes(` ${name}`)) return null;
  const exponent = word === "square" ? 2 : word === "cubic" ? 3 : Number(power ?? 1);
  if (exponent === 1) return { before, unit };
  const { numerator, denominator } = unit.factor;
  const factor = exact(Number(numerator) ** exponent, Number(denominator) ** exponent);
  return { before, unit: { dimension: `${unit.dimension}^${exponent}`, factor } };
}

function exact(numerator: number, denominator: number): Rational {
  return rational(BigInt(numerator), BigInt(denominator)) as Rational;
}
