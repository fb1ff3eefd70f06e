// Pairs of answers whose truth is known by how they are made: two writings of one value, or of two values.

export interface KnownPair {
  readonly a: string;
  readonly b: string;
  readonly equal: boolean;
  readonly family: string;
}

type Pick = <T>(choices: readonly T[]) => T;
type Whole = (low: number, high: number) => number;

/** A value as several writings; another value of the same kind is at hand through `other`. */
type Family = (whole: Whole, pick: Pick) => { same: readonly string[]; other: readonly string[] };

const group = (n: number, comma: string) => String(n).replace(/\B(?=(\d{3})+$)/g, comma);
const frac = (a: number, b: number) =>
  a < 0
    ? [`-\\frac{${-a}}{${b}}`, `\\frac{${a}}{${b}}`, `-\\dfrac{${-a}}{${b}}`, `${a}/${b}`]
    : [`\\frac{${a}}{${b}}`, `\\dfrac{${a}}{${b}}`, `${a}/${b}`, `$\\frac{${a}}{${b}}$`];

function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}

const families: Readonly<Record<string, Family>> = {
  integers: (whole) => {
    const n = whole(1000, 9_999_999);
    const write = (v: number) => [
      String(v),
      group(v, ","),
      group(v, "{,}"),
      group(v, "\\,"),
      `$${v}$`,
      `${v}.0`,
      `x = ${v}`,
      `+${v}`,
      `\\(${v}\\)`,
    ];
    return { same: write(n), other: [...write(n + 1), ...write(n * 10), String(-n)] };
  },
  fractions: (whole) => {
    const [p, q, k] = [whole(-40, 40) || 1, whole(2, 30), whole(2, 5)];
    const g = gcd(p, q);
    return {
      same: [...frac(p, q), ...frac(p * k, q * k), ...frac(p / g, q / g), ...(q / g === 1 ? [String(p / g)] : [])],
      other: [...frac(p, q + 1), ...frac(p + 1, q), ...frac(-p, q)],
    };
  },
  decimals: (whole) => {
    const n = whole(1, 9999);
    const write = (v: number) => [
      (v / 1000).toFixed(3),
      `${v}/1000`,
      `\\frac{${v}}{1000}`,
      `${(v / 1000).toFixed(3)}00`,
      `${v}e-3`,
    ];
    return { same: write(n), other: [...write(n + 1), (n / 100).toFixed(2)] };
  },
  roots: (whole) => {
    const [r, k] = [[2, 3, 5, 6, 7, 10][whole(0, 5)] as number, whole(2, 9)];
    return {
      same: [
        `${k}\\sqrt{${r}}`,
        `\\sqrt{${k * k * r}}`,
        `${k} \\sqrt{${r}}`,
        `\\frac{${k * r}}{\\sqrt{${r}}}`,
        `${k}\\cdot\\sqrt{${r}}`,
        `${k}*sqrt(${r})`,
      ],
      other: [`${k + 1}\\sqrt{${r}}`, `\\sqrt{${k * k * r + 1}}`, `${k * r}`, `-${k}\\sqrt{${r}}`],
    };
  },
  surds: (whole) => {
    const [a, b, r] = [whole(-9, 9) || 4, whole(1, 9), [2, 3, 5, 7][whole(0, 3)] as number];
    return {
      same: [
        `${a}+${b}\\sqrt{${r}}`,
        `${b}\\sqrt{${r}} + ${a}`,
        `${a} + \\sqrt{${b * b * r}}`,
        `\\frac{${2 * a}+${2 * b}\\sqrt{${r}}}{2}`,
      ],
      other: [`${a}-${b}\\sqrt{${r}}`, `${a + 1}+${b}\\sqrt{${r}}`, `${a}+${b + 1}\\sqrt{${r}}`],
    };
  },
  pi: (whole) => {
    const [p, q] = [whole(1, 12), whole(2, 9)];
    return {
      same: [
        `\\frac{${p}\\pi}{${q}}`,
        `\\frac{${p}}{${q}}\\pi`,
        `${p}\\pi/${q}`,
        `${p}π/${q}`,
        `\\dfrac{${2 * p}\\pi}{${2 * q}}`,
      ],
      other: [`\\frac{${p}\\pi}{${q + 1}}`, `${p}\\pi`, `\\frac{${p}}{${q}}`, `\\frac{${p}\\pi^2}{${q}}`],
    };
  },
  mixed: (whole) => {
    const [n, q] = [whole(1, 20), whole(3, 12)];
    const p = whole(1, q - 1);
    return {
      same: [`${n}\\frac{${p}}{${q}}`, `\\frac{${n * q + p}}{${q}}`, `${n} ${p}/${q}`, `${n * q + p}/${q}`],
      other: [`\\frac{${n * p}}{${q}}`, `${n + 1}\\frac{${p}}{${q}}`, `${n}`],
    };
  },
  percents: (whole) => {
    const n = whole(1, 99);
    return {
      same: [`${n}\\%`, `${n}%`, `\\frac{${n}}{100}`, `${n} \\%`].slice(0, 2 + whole(0, 2)),
      other: [`${n + 1}\\%`, `${n}.5\\%`],
    };
  },
  units: (whole, pick) => {
    const n = whole(2, 500);
    const unit = pick(["cm", "meters", "kg", "hours"]);
    return {
      same: [`${n}\\text{ ${unit}}`, `${n} ${unit}`, `${n}\\ \\mathrm{${unit}}`, String(n)],
      other: [`${n + 1} ${unit}`, String(n + 2)],
    };
  },
  tuples: (whole) => {
    const [a, b, c] = [whole(-9, 9), whole(1, 9), whole(2, 5)];
    return {
      same: [`(${a}, ${b})`, `\\left(${a},${b}\\right)`, `(${a},\\frac{${b * c}}{${c}})`, `( ${a} , ${b} )`],
      other: [`(${b + 10}, ${a})`, `(${a}, ${b + 1})`, `(${a}, ${b}, ${c})`],
    };
  },
  sets: (whole) => {
    const [a, b] = [whole(-9, 9), whole(10, 30)];
    return {
      same: [`\\{${a}, ${b}\\}`, `\\{${b},${a}\\}`, `\\left\\{ ${a}, ${b} \\right\\}`, `\\{${a},${b},${a}\\}`],
      other: [`\\{${a}, ${b + 1}\\}`, `\\{${a}\\}`, `\\{${a}, ${b}, ${b + 1}\\}`],
    };
  },
  lists: (whole) => {
    const [a, b] = [whole(-9, 9), whole(10, 30)];
    return {
      same: [`${a}, ${b}`, `${b}, ${a}`, `x = ${a} \\text{ or } x = ${b}`, `${a} and ${b}`],
      other: [`${a}, ${b + 1}`, `${a}, ${b}, ${b + 1}`],
    };
  },
  intervals: (whole) => {
    const [a, b] = [whole(-9, 3), whole(4, 20)];
    return {
      same: [`[${a}, ${b})`, `\\left[${a},${b}\\right)`, `[\\frac{${2 * a}}{2}, ${b})`],
      other: [`(${a}, ${b}]`, `[${a}, ${b + 1})`, `[${a}, ${b}]`],
    };
  },
  polynomials: (whole) => {
    const [a, b] = [whole(1, 9), whole(1, 9)];
    return {
      same: [
        `(x+${a})(x-${b})`,
        `x^2 + ${a}x - ${b}x - ${a * b}`,
        `(x-${b})(x+${a})`,
        `x^{2}${a - b < 0 ? "" : "+"}${a - b}x-${a * b}`,
      ],
      other: [`(x+${a})(x+${b})`, `x^2-${a * b}`.concat("+1"), `(x+${a + 1})(x-${b})`],
    };
  },
  complex: (whole) => {
    const [a, b] = [whole(-9, 9) || 2, whole(1, 9)];
    return {
      same: [`${a}+${b}i`, `${b}i+${a}`, `${a} + ${b} i`],
      other: [`${a}-${b}i`, `${a + 1}+${b}i`, `${a}+${b + 1}i`],
    };
  },
  powers: (whole) => {
    const [a, k] = [whole(2, 9), whole(2, 7)];
    return {
      same: [`${a}^{${k}}`, `${a}^${k}`, String(a ** k), `${a}**${k}`, `${a}^{${k - 1}} \\cdot ${a}`],
      other: [`${a}^{${k + 1}}`, String(a * k + (a * k === a ** k ? 1 : 0)), `${a + 1}^${k}`],
    };
  },
};

/** `size` pairs of each family, half of them equal; the same for the same seed. Pairs of one text are left out. */
export function generatedPairs(size: number, seed = 1): KnownPair[] {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const whole: Whole = (low, high) => low + Math.floor(next() * (high - low + 1));
  const pick: Pick = (choices) => choices[whole(0, choices.length - 1)] as (typeof choices)[number];
  return Object.entries(families).flatMap(([family, make]) => {
    const pairs: KnownPair[] = [];
    for (let tries = 0; pairs.length < size && tries < size * 50; tries++) {
      const { same, other } = make(whole, pick);
      const equal = pairs.length % 2 === 0;
      const [a, b] = [pick(same), equal ? pick(same) : pick(other)];
      if (a !== b) pairs.push(whole(0, 1) === 0 ? { a, b, equal, family } : { a: b, b: a, equal, family });
    }
    return pairs;
  });
}
