/** Text that looks like school mathematics, the same for the same seed: words of very unequal frequency, LaTeX, numbers, some Chinese. */
export class MathText {
  readonly #next: () => number;
  readonly #sentences: readonly string[];

  constructor(seed: number) {
    this.#next = uniform(seed);
    this.#sentences = Array.from({ length: 4000 }, () => this.#sentence());
  }

  random(): number {
    return this.#next();
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#next() * list.length)] as T;
  }

  whole(below: number): number {
    return Math.floor(this.#next() * below);
  }

  /** About `sentences` sentences; one of 2,000 texts has a rare word of its own. */
  text(sentences: number): string {
    const count = Math.max(1, Math.round(sentences * (0.3 + 1.4 * this.#next())));
    let text = "";
    for (let i = 0; i < count; i++) text += `${this.pick(this.#sentences).replace("#", String(this.whole(1000)))} `;
    if (this.#next() < 1 / 2000) text += `zyx${this.whole(50)}qord `;
    return text.trimEnd();
  }

  #sentence(): string {
    const { pick } = { pick: <T>(list: readonly T[]) => this.pick(list) };
    const kind = this.#next();
    if (kind < 0.03) return pick(["求函数在区间上的最大值 #。", "证明三角形的面积等于 #。", "设整数满足方程 #。"]);
    if (kind < 0.35) {
      return pick([
        `we have \\frac{#}{${this.whole(90)}} + x^{${this.whole(9)}} = ${this.whole(500)}.`,
        `therefore $\\sqrt{${this.whole(400)}} \\le #$ and \\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}.`,
        `so $\\gcd(${this.whole(99)}, #) = ${this.whole(12)}$.`,
      ]);
    }
    const length = 5 + this.whole(12);
    return `${Array.from({ length }, () => words[Math.floor(words.length * this.#next() ** 3)]).join(" ")} #.`;
  }
}

function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const words =
  "the of a is and to that we number integer positive equal find value sum triangle let how many such are in for function by all real with prime circle point area length side angle each total remainder divided product square root digits even odd probability sequence term polynomial coefficient equation solution set distinct pairs ordered least greatest common divisor multiple radius center line segment plane parallel perpendicular median bisector altitude inscribed tangent chord arc sector volume surface cube sphere cone cylinder pyramid prism matrix determinant vector scalar permutation combination binomial expansion series converge limit derivative integral maximum minimum inequality absolute modulus complex conjugate argument logarithm exponent base trigonometric sine cosine identity hypotenuse isosceles equilateral quadrilateral trapezoid rhombus parallelogram pentagon hexagon octagon vertex edge face graph tree path cycle coloring induction contradiction lemma corollary residue congruence primitive totient harmonic geometric arithmetic telescoping recursion fibonacci catalan stirling partition inclusion exclusion pigeonhole invariant monovariant".split(
    " ",
  );
