import type { TreeLine } from "./treeModel.ts";

type Own = { -readonly [Key in keyof TreeLine]: TreeLine[Key] };

/**
 * Lines that stay the same objects while what stands in them changes, and what of them has to be drawn again. VS Code knows lines as
 * objects: while a whole tree is drawn again it knows none, and a button that is pressed then acts on nothing.
 */
export class SteadyLines {
  #known = new Map<string, Own>();
  #roots: readonly TreeLine[] = [];

  get roots(): readonly TreeLine[] {
    return this.#roots;
  }

  /** Takes the lines as they are now. @returns the topmost ones to be drawn again; null: the whole tree */
  take(lines: readonly TreeLine[]): readonly TreeLine[] | null {
    const before = this.#roots;
    const known = this.#known;
    const wereOpen = before.map(opens);
    this.#known = new Map();
    const changed: TreeLine[] = [];
    this.#roots = lines.map((line) => this.#settled(line, known, changed));
    const same = sameLines(before, this.#roots) && this.#roots.every((line, i) => opens(line) === wereOpen[i]);
    return same ? changed : null;
  }

  #settled(fresh: TreeLine, known: ReadonlyMap<string, Own>, changed: TreeLine[]): TreeLine {
    const old = known.get(fresh.id);
    const below: TreeLine[] = [];
    const children = fresh.children?.map((child) => this.#settled(child, known, below)) ?? null;
    const line = old ?? { ...fresh };
    const differs = old === undefined || words(old) !== words(fresh) || !sameLines(old.children ?? [], children ?? []);
    for (const key of Object.keys(line) as (keyof Own)[]) if (!(key in fresh)) delete line[key];
    Object.assign(line, fresh, { children });
    this.#known.set(fresh.id, line);
    changed.push(...(differs ? [line] : below));
    return line;
  }
}

/** Whether there is something below a line: VS Code remembers lines of the two kinds apart. */
const opens = ({ children }: TreeLine) => children !== null && children.length > 0;

const sameLines = (some: readonly TreeLine[], others: readonly TreeLine[]) =>
  some.length === others.length && some.every(({ id }, i) => id === others[i]?.id);

/** What a line shows, without what is below it, but with whether something is. */
function words({ children, ...own }: TreeLine): string {
  return JSON.stringify([own, children !== null && children.length > 0]);
}
