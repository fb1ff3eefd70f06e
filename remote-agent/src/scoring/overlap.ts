/** BLEU's n-gram orders, 1…4. */
export const maxOrder = 4;

/** Clipped n-gram matches of lists i < j: M_k = Σ_g min(count_i(g), count_j(g)). Only called when M_1 > 0. */
export type OverlapVisitor = (i: number, j: number, m1: number, m2: number, m3: number, m4: number) => void;

/** Inverted index of one n-gram order. Lists are numbered as given; a gram of one list only is left out. */
interface Postings {
  /** Grams of list i lie at `gramOf[listStart[i] … listStart[i + 1] − 1]`, their counts in `countOf`. */
  readonly listStart: Int32Array;
  readonly gramOf: Int32Array;
  readonly countOf: Int32Array;
  /** Lists that hold gram g begin at `gramStart[g]`. */
  readonly gramStart: Int32Array;
}

/**
 * Visits every pair of token lists that share a token, row by row, with its clipped matches of orders 1…4.
 * Work is the sum over n-grams of (lists that hold it)², not B² counter intersections; memory is linear in tokens.
 */
export function forEachOverlap(tokenLists: readonly (readonly string[])[], visit: OverlapVisitor): void {
  const size = tokenLists.length;
  const orders = indexOrders(tokenLists);
  const matches = orders.map(() => new Int32Array(size));
  const seen = orders.map(({ gramStart }) => gramStart.slice());
  const postedList = orders.map(({ gramOf }) => new Int32Array(gramOf.length));
  const postedCount = orders.map(({ gramOf }) => new Int32Array(gramOf.length));
  const [m1, m2, m3, m4] = matches as [Int32Array, Int32Array, Int32Array, Int32Array];

  // Descending, so that a row's pairs (i, j > i) come together: they are neighbours in a condensed matrix.
  for (let i = size - 1; i >= 0; i--) {
    for (let k = 0; k < maxOrder; k++) {
      // The lists posted so far are exactly the later ones.
      addMatches(orders[k]!, i, seen[k]!, postedList[k]!, postedCount[k]!, matches[k]!);
    }
    for (let j = i + 1; j < size; j++) {
      if (m1[j] !== 0) visit(i, j, m1[j]!, m2[j]!, m3[j]!, m4[j]!);
    }
    for (const row of matches) row.fill(0, i);
  }
}

function addMatches(
  { listStart, gramOf, countOf, gramStart }: Postings,
  list: number,
  seen: Int32Array,
  postedList: Int32Array,
  postedCount: Int32Array,
  matches: Int32Array,
): void {
  const end = listStart[list + 1]!;
  for (let at = listStart[list]!; at < end; at++) {
    const gram = gramOf[at]!;
    const count = countOf[at]!;
    const last = seen[gram]!;
    const first = gramStart[gram]!;
    // Nearly every gram stands once in its list: then the minimum is 1 whatever the others hold.
    if (count === 1) for (let p = first; p < last; p++) matches[postedList[p]!]!++;
    else for (let p = first; p < last; p++) matches[postedList[p]!]! += Math.min(postedCount[p]!, count);
    postedList[last] = list;
    postedCount[last] = count;
    seen[gram] = last + 1;
  }
}

/** Postings of orders 1…4. A k-gram is named by (its first k − 1 tokens' name, its last token), so no gram is ever a string. */
function indexOrders(tokenLists: readonly (readonly string[])[]): Postings[] {
  const names = new Map<string, number>();
  const tokenIds = tokenLists.map((list) =>
    Int32Array.from(list, (token) => {
      const known = names.get(token);
      if (known !== undefined) return known;
      names.set(token, names.size);
      return names.size - 1;
    }),
  );
  const orders: Postings[] = [];
  let prefixes: readonly Int32Array[] = tokenIds;
  let grams = names.size;
  for (let k = 1; k <= maxOrder; k++) {
    if (k > 1) {
      const extended = extend(prefixes, tokenIds, k, names.size);
      prefixes = extended.grams;
      grams = extended.count;
    }
    orders.push(postings(prefixes, grams));
  }
  return orders;
}

/** Names of the k-grams that begin at each position, from those of the (k − 1)-grams; prefix · vocabulary + token < 2^53. */
function extend(
  prefixes: readonly Int32Array[],
  tokenIds: readonly Int32Array[],
  k: number,
  vocabulary: number,
): { grams: Int32Array[]; count: number } {
  const names = new Map<number, number>();
  const grams = prefixes.map((prefix, i) => {
    const tokens = tokenIds[i]!;
    const row = new Int32Array(Math.max(0, tokens.length - k + 1));
    for (let at = 0; at < row.length; at++) {
      const key = prefix[at]! * vocabulary + tokens[at + k - 1]!;
      let name = names.get(key);
      if (name === undefined) {
        name = names.size;
        names.set(key, name);
      }
      row[at] = name;
    }
    return row;
  });
  return { grams, count: names.size };
}

function postings(rows: readonly Int32Array[], gramCount: number): Postings {
  const holders = new Int32Array(gramCount);
  const sorted = rows.map((row) => row.slice().sort());
  for (const row of sorted) forEachRun(row, (gram) => holders[gram]!++);
  const gramStart = new Int32Array(gramCount);
  let posted = 0;
  for (let gram = 0; gram < gramCount; gram++) {
    gramStart[gram] = posted;
    if (holders[gram]! > 1) posted += holders[gram]!;
  }
  const listStart = new Int32Array(rows.length + 1);
  const gramOf = new Int32Array(posted);
  const countOf = new Int32Array(posted);
  let at = 0;
  for (const [i, row] of sorted.entries()) {
    forEachRun(row, (gram, count) => {
      if (holders[gram]! < 2) return;
      gramOf[at] = gram;
      countOf[at++] = count;
    });
    listStart[i + 1] = at;
  }
  return { listStart, gramOf, countOf, gramStart };
}

function forEachRun(sorted: Int32Array, visit: (value: number, length: number) => void): void {
  let start = 0;
  for (let at = 1; at <= sorted.length; at++) {
    if (at < sorted.length && sorted[at] === sorted[start]) continue;
    visit(sorted[start]!, at - start);
    start = at;
  }
}
