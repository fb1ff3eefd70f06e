import type { AuditItem } from "./domain.ts";

/**
 * Held-out problems, written for this project: ten of each level, from one step of arithmetic (1) to what a contest
 * would ask (6). Their answers are computed again, by another way, in test/unit/domains/mathAudit.test.ts.
 */
const levels: readonly (readonly (readonly [question: string, answer: string])[])[] = [
  [
    ["A baker fills 17 trays with 24 rolls each. How many rolls are there?", "408"],
    ["A train leaves with 312 passengers; 187 get off and 96 get on. How many passengers are on it now?", "221"],
    ["What is 15% of 260?", "39"],
    ["A rope of 91 metres is cut into 7 equal pieces. How long is one piece, in metres?", "13"],
    ["Compute $\\frac{3}{4}-\\frac{1}{6}$ as a fraction in lowest terms.", "\\frac{7}{12}"],
    ["What is the remainder when 1000 is divided by 37?", "1"],
    ["Evaluate $5^3-3^5$.", "-118"],
    ["A shirt costs 48 euros after a discount of 20%. What did it cost before, in euros?", "60"],
    ["What is the median of the numbers 12, 7, 19, 3 and 15?", "12"],
    ["How many minutes are there in two and a quarter days?", "3240"],
  ],
  [
    ["Solve $7x-11=3x+29$ for $x$.", "10"],
    ["The legs of a right triangle are 20 and 21. How long is its hypotenuse?", "29"],
    ["The angles of a triangle are in the ratio $2:3:7$. How many degrees has the largest?", "105"],
    ["What is the greatest common divisor of 462 and 1078?", "154"],
    ["A line passes through $(2,-1)$ and $(6,11)$. Where does it cross the $y$-axis? Give the $y$-coordinate.", "-7"],
    ["Two fair dice are rolled. What is the probability that the sum of the eyes is 9?", "\\frac{1}{9}"],
    ["Simplify $\\sqrt{75}-\\sqrt{27}$.", "2\\sqrt{3}"],
    ["The sum of three consecutive odd numbers is 267. What is the largest of them?", "91"],
    ["How many positive divisors does 360 have?", "24"],
    ["A circle has the area $49\\pi$. What is its circumference?", "14\\pi"],
  ],
  [
    ["Find the larger solution of $x^2-6x-55=0$.", "11"],
    ["How many four-digit numbers have only odd digits, all of them different?", "120"],
    [
      "The first term of an arithmetic sequence is 4 and the tenth is 58. What is the sum of the first twenty terms?",
      "1220",
    ],
    ["If $\\log_2 x+\\log_4 x=9$, what is $x$?", "64"],
    ["What is the last digit of $7^{2026}$?", "9"],
    ["A committee of 4 is chosen from 5 women and 6 men. In how many ways can it have exactly two women?", "150"],
    ["A trapezoid has parallel sides 11 and 25 and both other sides 25. What is its area?", "432"],
    ["For which value of $k$ does $x^2+kx+36=0$ have one double root that is positive?", "-12"],
    ["Two taps fill a tank in 6 and 10 hours. How many hours do they need together?", "\\frac{15}{4}"],
    ["What is the sum of the squares of the roots of $2x^2-5x-4=0$?", "\\frac{41}{4}"],
  ],
  [
    ["How many integers from 1 to 1000 are divisible by 3 or by 7, but not by both?", "381"],
    ["What is the coefficient of $x^4$ in $(1+x)^5(1-2x)^3$?", "25"],
    [
      "A fair coin is tossed eight times. What is the probability that no two heads come one right after the other?",
      "\\frac{55}{256}",
    ],
    ["What is the remainder when $3^{100}$ is divided by 202?", "1"],
    ["The sides of a triangle are 13, 20 and 21. What is the radius of its inscribed circle?", "\\frac{14}{3}"],
    ["How many ways are there to write 30 as an ordered sum of three positive integers, each at most 12?", "28"],
    ["Let $f(x)=\\frac{x}{x+1}$. What is $f(f(f(f(2))))$?", "\\frac{2}{9}"],
    ["How many zeros stand at the end of $\\frac{125!}{25!}$ written in full?", "25"],
    ["What is the smallest positive integer that leaves the remainders 2, 3 and 4 on division by 5, 7 and 9?", "157"],
    ["Find $\\sum_{k=1}^{20}\\frac{1}{k(k+1)}$ as a fraction in lowest terms.", "\\frac{20}{21}"],
  ],
  [
    ["In how many ways can the letters of BANANAS be arranged so that no two letters A stand side by side?", "120"],
    ["How many subsets of $\\{1,2,\\dots,12\\}$ contain no two numbers that differ by 2?", "441"],
    ["Find the number of pairs of integers $(x,y)$ with $x^2+y^2\\le 50$.", "161"],
    ["What is the sum of all positive integers $n\\le 100$ for which $n^2+n+1$ is divisible by 7?", "1458"],
    [
      "Three different numbers are drawn from 1 to 15. What is the probability that their sum is divisible by 3?",
      "\\frac{31}{91}",
    ],
    ["How many positive integers up to 2000 have digits that add up to 10?", "118"],
    ["What is the area of the region of all points $(x,y)$ with $|x|+|2y|\\le 6$ and $x\\ge 2$?", "8"],
    ["A regular octagon has sides of length 2. What is its area?", "8+8\\sqrt{2}"],
    ["For how many integers $n$ with $1\\le n\\le 500$ is $\\gcd(n,60)=12$?", "33"],
    [
      "A frog on step 0 of a stair jumps up 1, 2 or 4 steps at a time. In how many ways can it reach step 12 exactly?",
      "520",
    ],
  ],
  [
    ["How many permutations of $1,2,\\dots,7$ have no number at its own place and do not begin with 2?", "1545"],
    ["Find the number of ordered triples of positive integers $(a,b,c)$ with $abc=2^4\\cdot 3^3$.", "150"],
    ["What is the remainder when $1!+2!+3!+\\dots+100!$ is divided by 143?", "22"],
    ["A $2\\times 10$ board is tiled with $1\\times 2$ dominoes and $2\\times 2$ squares. In how many ways?", "683"],
    ["How many binary strings of length 12 contain neither 000 nor 111?", "466"],
    [
      "Seven people sit around a round table with seven seats; seatings that differ by a rotation are the same. In how many are two given people not neighbours?",
      "480",
    ],
    ["Let $a_1=1$ and $a_{n+1}=a_n+\\lfloor\\sqrt{a_n}\\rfloor$. What is $a_{40}$?", "338"],
    ["How many of the numbers $\\binom{100}{k}$ with $0\\le k\\le 100$ are odd?", "8"],
    [
      "What is the expected number of throws of a fair die until every one of its six faces has come up at least once?",
      "\\frac{147}{10}",
    ],
    [
      "How many integers $n$ with $1\\le n\\le 1000$ are the difference of two squares of non-negative integers?",
      "750",
    ],
  ],
];

/** The problems of one level stand together, easy ones first. */
export const mathProblems: readonly AuditItem[] = levels.flatMap((problems, level) =>
  problems.map(([question, answer]) => ({ question, answer, difficulty: level + 1 })),
);
