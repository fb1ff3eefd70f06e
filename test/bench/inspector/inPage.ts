/** What runs in a page of the benchmark: each function is sent there as it stands, so it names nothing from outside of itself. */
interface BenchPage {
  readonly document: {
    querySelector(s: string): { scrollTop: number; scrollHeight: number; clientHeight: number } | null;
    querySelectorAll(s: string): { length: number };
  };
  requestAnimationFrame(callback: (time: number) => void): void;
  addEventListener(name: string, listener: (event: { timeStamp: number }) => void, options: object): void;
  PerformanceObserver: new (
    callback: (list: { getEntries(): { duration: number; name: string }[] }) => void,
  ) => { observe(options: object): void };
  rzeroTasks?: { duration: number; name: string }[];
  rzeroDone?: Promise<number>;
}

export type Task = { readonly duration: number; readonly name: string };

/** The time at which the first rows with text are there; null until then. */
export function rowsAt(): number | null {
  const page = globalThis as unknown as BenchPage;
  return page.document.querySelector(".grid-body .row:not(.pending)") === null ? null : performance.now();
}

/** When the page stood in its frame and asked for its script, and when it had it. */
export function scriptTimes(): { asked: number; loaded: number } {
  const script = performance.getEntriesByType("resource").find(({ name }) => /\/inspector\.js/.test(name));
  if (script === undefined) throw new Error("the page has loaded no script");
  return { asked: script.startTime, loaded: (script as unknown as { responseEnd: number }).responseEnd };
}

export function watchTasks(): void {
  const page = globalThis as unknown as BenchPage;
  const seen: Task[] = [];
  page.rzeroTasks = seen;
  new page.PerformanceObserver((list) => {
    for (const { duration, name } of list.getEntries()) seen.push({ duration, name });
  }).observe({ type: "longtask", buffered: false });
}

export function tasks(): Task[] {
  return [...((globalThis as unknown as BenchPage).rzeroTasks ?? [])];
}

/**
 * From the next key or click, by its own time stamp, to the frame after the one in which no row in view waits any more: `rzeroDone` has the
 * milliseconds.
 */
export function arm(): void {
  const page = globalThis as unknown as BenchPage;
  const frame = () => new Promise<number>((resolve) => page.requestAnimationFrame(resolve));
  const isBusy = () =>
    page.document.querySelectorAll('.grid-body .row.pending, .grid[aria-busy="true"]').length > 0 ||
    page.document.querySelector(".pane-message .state-loading") !== null ||
    (page.document.querySelectorAll(".grid-body .row").length === 0 &&
      page.document.querySelector(".pane-message .state-empty") === null);
  const begun = new Promise<number>((resolve) => {
    for (const name of ["keydown", "click"])
      page.addEventListener(name, ({ timeStamp }) => resolve(timeStamp), { capture: true, once: true });
  });
  page.rzeroDone = begun.then(async (from) => {
    await frame();
    for (let i = 0; i < 1200 && isBusy(); i++) await frame();
    if (isBusy()) throw new Error("rows did not come");
    await frame();
    return performance.now() - from;
  });
}

export function done(): Promise<number> {
  return (globalThis as unknown as BenchPage).rzeroDone ?? Promise.reject(new Error("nothing was begun"));
}

/** From the moment of scrolling to `share` of the whole, and then on by 100 rows, to the rows that are there then. */
export async function scrolledPages({ share, pages }: { share: number; pages: number }): Promise<number[]> {
  const page = globalThis as unknown as BenchPage;
  const grid = page.document.querySelector(".grid");
  if (grid === null) throw new Error("there is no table");
  const frame = () => new Promise<number>((resolve) => page.requestAnimationFrame(resolve));
  const isBusy = () => page.document.querySelectorAll(".grid-body .row.pending").length > 0;
  const times: number[] = [];
  for (let i = 0; i <= pages; i++) {
    const from = performance.now();
    grid.scrollTop = i === 0 ? share * (grid.scrollHeight - grid.clientHeight) : grid.scrollTop + 2400;
    await frame();
    for (let n = 0; n < 1200 && (n === 0 || isBusy()); n++) await frame();
    times.push(performance.now() - from);
  }
  return times;
}

/** Times between frames while the table scrolls by `px` a frame; from the top. With 0 it stands. */
export async function frames({ steps, px }: { steps: number; px: number | "all" }): Promise<number[]> {
  const page = globalThis as unknown as BenchPage;
  const grid = page.document.querySelector(".grid");
  if (grid === null) throw new Error("there is no table");
  const frame = () => new Promise<number>((resolve) => page.requestAnimationFrame(resolve));
  const by = px === "all" ? (grid.scrollHeight - grid.clientHeight) / steps : px;
  grid.scrollTop = 0;
  for (let i = 0; i < 30; i++) await frame();
  const times: number[] = [];
  let last = await frame();
  for (let i = 1; i <= steps; i++) {
    grid.scrollTop = by * i;
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
}

export function elementCount(): number {
  return (globalThis as unknown as BenchPage).document.querySelectorAll("*").length;
}
