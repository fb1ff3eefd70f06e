/** What a batch looks like: half of it new, half close to something else; or a Challenger that writes one template only. */
export type BatchKind = "mixed" | "collapsed";

/**
 * Questions of 150 to 600 characters as a Challenger writes them, the same for the same arguments: stock phrases, formulas and
 * numbers; of a mixed batch an eighth are exact copies, a quarter templates with other numbers, an eighth lightly reworded.
 */
export function generateQuestions(count: number, kind: BatchKind): string[] {
  const random = generator(2_048);
  if (kind === "collapsed") {
    const template = freshQuestion(random);
    return Array.from({ length: count }, () => otherNumbers(template, random));
  }
  const questions: string[] = [];
  while (questions.length < count) {
    const earlier = questions[Math.floor(random() * questions.length)];
    const draw = random();
    if (earlier === undefined || draw < 0.5) questions.push(freshQuestion(random));
    else if (draw < 0.625) questions.push(earlier);
    else if (draw < 0.875) questions.push(otherNumbers(earlier, random));
    else questions.push(reworded(earlier, random));
  }
  return questions;
}

type Random = () => number;

const shortest = 150;
const longest = 600;

const openings = ["Let", "Suppose that", "Assume", "Consider", "Given that", "Define", "Let us fix"];
const subjects =
  "a positive integer $n$|a real polynomial $P(x)$|an acute triangle $ABC$|a sequence $(a_k)$ of real numbers|a finite group $G$|a circle $\\omega$ with centre $O$|a bag of coloured marbles|a regular polygon with # sides|a function $f : \\mathbb{R} \\to \\mathbb{R}$|a graph on # vertices|a deck of # cards|a rectangular grid of # by # cells|a prime number $p$|a convex quadrilateral $PQRS$|a random walk on the integers|a complex number $z$|a set $S$ of # points in the plane|a matrix $A$ with integer entries".split(
    "|",
  );
const verbs =
  "satisfies|is such that|has the property that|is chosen so that|is known to obey|fulfils the condition that".split(
    "|",
  );
const conditions =
  "the sum of its digits equals #|$x^2 + # x - # = 0$ has two distinct roots|no two of them are adjacent|every third term is divisible by #|the distance from $A$ to $BC$ is #|its determinant equals #|$f(x + y) = f(x) f(y) + # xy$ for all $x, y$|exactly # of them are red|the product of all terms is $2^{#}$|each vertex has degree at least #|the remainder modulo # is always #|the area is at most # square units|the expected number of steps is finite|$|z - #| = |z + # i|$|any # of them share a common factor|the largest element exceeds the smallest by #|the perimeter is an integer below #|it returns to the origin after # steps".split(
    "|",
  );
const joints =
  "and moreover|while|in such a way that|; furthermore,|, given also that|provided that|, where in addition|and at the same time".split(
    "|",
  );
const requests =
  "Find the number of all such objects.|Determine the largest possible value of $k$.|Compute the remainder when the answer is divided by #.|What is the probability that this happens, as a reduced fraction?|Evaluate the sum of all possible values.|How many ordered pairs satisfy these conditions?|Prove nothing; only give the smallest admissible integer.|Express the result in the form $m/n$ and give $m + n$.|Find the exact area in terms of $\\pi$.|Give the expected value rounded down to an integer.".split(
    "|",
  );
const rareWords = Array.from(
  { length: 400 },
  (_, i) => `${["al", "ber", "cor", "dy", "ek"][i % 5]}${i.toString(36)}on`,
);

function freshQuestion(random: Random): string {
  const target = shortest + random() * (longest - shortest - 200);
  let text = `${pick(openings, random)} ${pick(subjects, random)} ${pick(verbs, random)} ${pick(conditions, random)}`;
  while (text.length < target) {
    text += ` ${pick(joints, random)} ${pick(subjects, random)} named ${pick(rareWords, random)} ${pick(verbs, random)} ${pick(conditions, random)}`;
  }
  text = `${text}. ${pick(requests, random)}`.replaceAll("#", () => String(1 + Math.floor(random() * 200)));
  return text.length < shortest
    ? `${text} ${"Justify every step of the count carefully. ".repeat(3).trim()}`
    : text.slice(0, longest);
}

function otherNumbers(question: string, random: Random): string {
  return question.replaceAll(/\d+/g, () => String(1 + Math.floor(random() * 200))).slice(0, longest);
}

function reworded(question: string, random: Random): string {
  const words = question.split(" ").map((word) => (random() < 0.15 ? pick(rareWords, random) : word));
  return words.join(" ").slice(0, longest).padEnd(shortest, ".");
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)]!;
}

/** Mulberry32: 32 bits of state, the same numbers on every machine. */
function generator(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
