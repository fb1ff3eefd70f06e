// How long the extension takes to start in a real VS Code, by the extension host's own measure (“Show Running Extensions”), and how
// large the parts are that it starts from. Each start is a fresh extension host of the packaged extension.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { packageExtension } from "../../scripts/package/packageExtension.mjs";
import { sizes } from "../../scripts/package/sizes.mjs";
import { newDesk } from "../e2e/support/desk.ts";
import { makeShared } from "../e2e/support/shared.ts";

/** What a person does not notice among the extensions that start with the window. */
const BUDGET_MS = 200;

interface Row {
  bench: "activation";
  case: string;
  [figure: string]: string | number | boolean;
}

interface Options {
  args: string[];
  emit: (row: Row) => void;
  log: (line: string) => void;
}

export async function run({ args, emit, log }: Options): Promise<void> {
  const starts = Number(args[0] ?? 10);
  const { shared, close } = await makeShared();
  try {
    if (shared.missing !== null) throw new Error(`The benchmark ${shared.missing}.`);
    const desk = await newDesk(shared);
    try {
      const times: number[] = [];
      for (let start = 0; start < starts; start++) {
        const code = await desk.open();
        times.push(await code.activationMs("R-Zero"));
        await code.close();
        log(`start ${start + 1} of ${starts}: ${times.at(-1)} ms`);
      }
      // The first one reads the bundle from disk and compiles it; later ones have it in the cache.
      const [first = Number.NaN, ...warm] = times;
      emit({ bench: "activation", case: "first start", ms: first, within_budget: first <= BUDGET_MS });
      const sorted = warm.sort((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
      const slowest = sorted.at(-1) ?? Number.NaN;
      emit({
        bench: "activation",
        case: "later starts",
        starts: warm.length,
        median_ms: median,
        slowest_ms: slowest,
        within_budget: median <= BUDGET_MS,
      });
    } finally {
      await desk.remove();
    }
  } finally {
    await close();
  }
  for (const { part, bytes, limit } of await sizesOfPackage())
    emit({
      bench: "activation",
      case: `size of ${part}`,
      kB: Math.round(bytes / 1024),
      limit_kB: Math.round(limit / 1024),
      within_budget: bytes <= limit,
    });
}

async function sizesOfPackage() {
  const folder = await mkdtemp(path.join(tmpdir(), "rzero-sizes-"));
  try {
    await packageExtension(path.join(folder, "stage"), path.join(folder, "rzero.vsix"));
    return sizes(path.join(folder, "stage"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
