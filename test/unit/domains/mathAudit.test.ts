import { describe, expect, test } from "vitest";
import { mathProblems } from "../../../remote-agent/src/domains/mathAudit.ts";
import { compareAnswers } from "../../../remote-agent/src/scoring/answers/compareAnswers.ts";

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const count = <T>(items: Iterable<T>, wanted: (item: T) => boolean) => [...items].filter(wanted).length;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const isSquare = (n: number) => n >= 0 && Number.isInteger(Math.sqrt(n));
const bits = (n: number, width: number) => n.toString(2).padStart(width, "0");

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of permutations([...items.slice(0, i), ...items.slice(i + 1)])) yield [item, ...rest];
  }
}

function* subsets<T>(items: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) yield [];
  else
    for (let i = from; i < items.length; i++)
      for (const rest of subsets(items, size - 1, i + 1)) yield [items[i] as T, ...rest];
}

const pairs = (a: readonly number[], b: readonly number[]) => a.flatMap((x) => b.map((y) => [x, y] as const));
const only = (values: readonly number[]) =>
  values.length === 1 ? (values[0] as number) : `${values.length} solutions`;
const modPower = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n;
  for (let i = 0n; i < exponent; i++) result = (result * base) % modulus;
  return result;
};
const factorial = (n: number): bigint => (n === 0 ? 1n : BigInt(n) * factorial(n - 1));
const choose = (n: number, k: number): bigint => factorial(n) / factorial(k) / factorial(n - k);
/** Ways to climb n steps with jumps of these lengths. */
const climbs = (n: number, jumps: readonly number[]): number =>
  n === 0 ? 1 : sum(jumps.filter((jump) => jump <= n).map((jump) => climbs(n - jump, jumps)));
/** Ways to fill 2 × n: one standing domino, or two lying ones, or a square. */
const tilings = (n: number): number => (n < 2 ? 1 : tilings(n - 1) + 2 * tilings(n - 2));
const digitSum = (n: number) => sum([...String(n)].map(Number));

function polynomial(factors: readonly (readonly number[])[]): number[] {
  return factors.reduce<number[]>(
    (product, factor) => {
      const next = Array.from({ length: product.length + factor.length - 1 }, () => 0);
      for (const [i, x] of product.entries())
        for (const [j, y] of factor.entries()) next[i + j] = (next[i + j] ?? 0) + x * y;
      return next;
    },
    [1],
  );
}

/** The answers of each level, found by trying everything or from the definitions. */
const found: readonly (readonly (() => number | bigint | string)[])[] = [
  [
    () => sum(Array(17).fill(24)),
    () => 312 - 187 + 96,
    () => `${15 * 260}/100`,
    () => only(range(1, 91).filter((piece) => piece * 7 === 91)),
    () => "7/12",
    () => 1000 - 27 * 37,
    () => 5 * 5 * 5 - 3 * 3 * 3 * 3 * 3,
    () => only(range(1, 100).filter((price) => price * 80 === 48 * 100)),
    () => [12, 7, 19, 3, 15].sort((a, b) => a - b)[2] as number,
    () => (2 * 24 + 6) * 60,
  ],
  [
    () => only(range(-99, 99).filter((x) => 7 * x - 11 === 3 * x + 29)),
    () => only(range(1, 99).filter((c) => c * c === 20 * 20 + 21 * 21)),
    () => `${180 * 7}/12`,
    () => Math.max(...range(1, 462).filter((d) => 462 % d === 0 && 1078 % d === 0)),
    () => only(range(-50, 50).filter((b) => (11 - b) * 2 === (-1 - b) * 6)),
    () => `${count(pairs(range(1, 6), range(1, 6)), ([a, b]) => a + b === 9)}/36`,
    () => `\\sqrt{${Math.round((Math.sqrt(75) - Math.sqrt(27)) ** 2)}}`,
    () => only(range(1, 299).filter((n) => n % 2 === 1 && n + n - 2 + n - 4 === 267)),
    () => count(range(1, 360), (d) => 360 % d === 0),
    () => `${2 * Math.sqrt(49)}\\pi`,
  ],
  [
    () => Math.max(...range(-99, 99).filter((x) => x * x - 6 * x - 55 === 0)),
    () => count(range(1000, 9999).map(String), (n) => /^[13579]+$/.test(n) && new Set(n).size === 4),
    () => sum(range(0, 19).map((i) => 4 + (i * (58 - 4)) / 9)),
    () => only(range(1, 999).filter((x) => Math.abs(Math.log2(x) + Math.log2(x) / 2 - 9) < 1e-9)),
    () => modPower(7n, 2026n, 10n),
    () => count(subsets(range(1, 11), 4), (chosen) => count(chosen, (person) => person <= 5) === 2),
    () => ((11 + 25) * Math.sqrt(25 ** 2 - ((25 - 11) / 2) ** 2)) / 2,
    () => only(range(-99, 99).filter((k) => k * k === 4 * 36 && -k / 2 > 0)),
    () => `${6 * 10}/${6 + 10}`,
    () => "25/4 + 4",
  ],
  [
    () => count(range(1, 1000), (n) => (n % 3 === 0) !== (n % 7 === 0)),
    () => polynomial([...Array(5).fill([1, 1]), ...Array(3).fill([1, -2])])[4] as number,
    () => `${count(range(0, 255), (n) => !bits(n, 8).includes("11"))}/256`,
    () => modPower(3n, 100n, 202n),
    () => `${Math.sqrt(27 * (27 - 13) * (27 - 20) * (27 - 21))}/27`,
    () => count(pairs(range(1, 12), range(1, 12)), ([a, b]) => 30 - a - b >= 1 && 30 - a - b <= 12),
    () => {
      let [above, below] = [2, 1];
      for (let i = 0; i < 4; i++) below += above;
      return `${above}/${below}`;
    },
    () => /0*$/.exec(String(factorial(125) / factorial(25)))?.[0].length ?? 0,
    () => Math.min(...range(1, 999).filter((n) => n % 5 === 2 && n % 7 === 3 && n % 9 === 4)),
    () =>
      range(1, 20)
        .map((k) => `\\frac{1}{${k * (k + 1)}}`)
        .join("+"),
  ],
  [
    () =>
      new Set([...permutations([..."BANANAS"])].map((word) => word.join("")).filter((word) => !word.includes("AA")))
        .size,
    () => count(range(0, 4095), (set) => (set & (set >> 2)) === 0),
    () => count(pairs(range(-9, 9), range(-9, 9)), ([x, y]) => x * x + y * y <= 50),
    () => sum(range(1, 100).filter((n) => (n * n + n + 1) % 7 === 0)),
    () => `${count(subsets(range(1, 15), 3), (drawn) => sum(drawn) % 3 === 0)}/${choose(15, 3)}`,
    () => count(range(1, 2000), (n) => digitSum(n) === 10),
    () => ((6 - 2) * (2 * 2)) / 2,
    () => `8+\\sqrt{${Math.round((8 / Math.tan(Math.PI / 8) - 8) ** 2)}}`,
    () => count(range(1, 500), (n) => gcd(n, 60) === 12),
    () => climbs(12, [1, 2, 4]),
  ],
  [
    () => count(permutations(range(1, 7)), (p) => p[0] !== 2 && p.every((value, i) => value !== i + 1)),
    () => count(pairs(range(1, 432), range(1, 432)), ([a, b]) => 432 % a === 0 && (432 / a) % b === 0),
    () =>
      range(1, 100)
        .map(factorial)
        .reduce((a, b) => a + b) % 143n,
    () => tilings(10),
    () => count(range(0, 4095), (n) => !/000|111/.test(bits(n, 12))),
    () => count(permutations(range(1, 6)), (others) => others[0] !== 1 && others[5] !== 1),
    () => range(1, 39).reduce((a) => a + Math.floor(Math.sqrt(a)), 1),
    () => count(range(0, 100), (k) => choose(100, k) % 2n === 1n),
    () =>
      range(1, 6)
        .map((k) => `\\frac{6}{${k}}`)
        .join("+"),
    () => count(range(1, 1000), (n) => range(0, 500).some((b) => isSquare(n + b * b))),
  ],
];

describe.each(found.map((answers, i) => ({ level: i + 1, answers })))("level $level", ({ level, answers }) => {
  const problems = mathProblems.filter(({ difficulty }) => difficulty === level);

  test.each(problems.map((problem, i) => ({ ...problem, find: answers[i] })))("$question", ({ answer, find }) => {
    expect(compareAnswers(answer, String(find?.()))).toMatchObject({ equal: true });
  });
});

test("there are sixty different problems, ten of each level", () => {
  expect(new Set(mathProblems.map(({ question }) => question)).size).toBe(60);
  expect(found.map((answers) => answers.length)).toEqual(Array(6).fill(10));
});
