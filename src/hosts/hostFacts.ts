import * as z from "zod";

const count = z.coerce.number().int().min(0);

const gpuFact = z.object({
  index: count,
  name: z.string(),
  memoryMib: count,
  usedMib: count,
  /** Percent; null where the driver does not tell. */
  busy: z.number().nullable(),
  driver: z.string(),
});

/** What a look at a host found. Absent things are empty or null. */
export const hostFacts = z.object({
  os: z.string(),
  system: z.string().nullable(),
  user: z.string(),
  home: z.string(),
  loginShell: z.string(),
  cpus: count.nullable(),
  memory: z.object({ totalKib: count, availableKib: count }).nullable(),
  root: z.string(),
  rootWritable: z.boolean(),
  disk: z.object({ totalKib: count, freeKib: count, mount: z.string() }).nullable(),
  quota: z.array(z.string()),
  nodes: z.array(z.object({ version: z.tuple([count, count, count]), path: z.string() })),
  pythons: z.array(
    z.object({ version: z.tuple([count, count, count]), canMakeEnvironments: z.boolean(), path: z.string() }),
  ),
  tools: z.array(z.string()),
  gpus: z.array(gpuFact),
  gpuError: z.string().nullable(),
  slurm: z.object({ version: z.string(), partitions: z.array(z.string()), error: z.string().nullable() }).nullable(),
  /** `ok`, what bubblewrap said, or null without it. */
  sandbox: z.string().nullable(),
  agents: z.array(z.string()),
});
export type HostFacts = z.infer<typeof hostFacts>;

/** The look was cut short, or what came back is not what the script prints. */
export class ProbeIncomplete extends Error {
  override readonly name = "ProbeIncomplete";
}

/** Reads what `probeScript` printed. @throws ProbeIncomplete */
export function factsOf(output: string): HostFacts {
  const values = new Map<string, string[]>();
  for (const line of output.split("\n")) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const key = line.slice(0, tab);
    values.set(key, [...(values.get(key) ?? []), line.slice(tab + 1).trim()]);
  }
  if (!values.has("done")) throw new ProbeIncomplete("The look at the host ended before it was complete.");
  const all = (key: string): string[] => (values.get(key) ?? []).filter((value) => value !== "");
  const one = (key: string): string | null => all(key)[0] ?? null;
  const numbers = (key: string): string[] => one(key)?.split(" ") ?? [];
  const [totalKib, availableKib] = numbers("memory_kib");
  const [diskTotal, diskFree, ...mount] = numbers("disk_kib");
  const slurm = one("slurm");
  const parsed = hostFacts.safeParse({
    os: one("os") ?? "",
    system: one("system"),
    user: one("user") ?? "",
    home: one("home") ?? "",
    loginShell: one("login_shell") ?? "",
    cpus: one("cpus"),
    memory: totalKib === undefined ? null : { totalKib, availableKib: availableKib ?? 0 },
    root: one("root") ?? "",
    rootWritable: one("root_writable") === "yes",
    disk: diskTotal === undefined ? null : { totalKib: diskTotal, freeKib: diskFree, mount: mount.join(" ") },
    quota: all("quota"),
    nodes: all("node").flatMap((text) => {
      const [version = "", ...path] = text.split(" ");
      const parts = versionOf(version.replace(/^v/, ""));
      return parts === null ? [] : { version: parts, path: path.join(" ") };
    }),
    pythons: distinct(all("python")).flatMap((text) => {
      const [version = "", environments, ...path] = text.split(" ");
      const parts = versionOf(version);
      return parts === null
        ? []
        : { version: parts, canMakeEnvironments: environments === "yes", path: path.join(" ") };
    }),
    tools: all("tool"),
    gpus: all("gpu").flatMap((text) => {
      const [index, name, memoryMib, usedMib, busy, driver] = text.split(",").map((part) => part.trim());
      const percent = Number(busy);
      return driver === undefined
        ? []
        : { index, name, memoryMib, usedMib, busy: Number.isFinite(percent) ? percent : null, driver };
    }),
    gpuError: one("gpu_error"),
    slurm: slurm === null ? null : { version: slurm, partitions: all("partition"), error: one("slurm_error") },
    sandbox: one("sandbox"),
    agents: all("agent"),
  });
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new ProbeIncomplete(
    `The look at the host gave something unexpected: ${first?.path.join(".")}: ${first?.message}.`,
  );
}

function versionOf(text: string): string[] | null {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1);
  return parts ?? null;
}

/** The same interpreter under two names is one. */
function distinct(lines: readonly string[]): string[] {
  const seen = new Set<string>();
  return lines.filter((line) => {
    const path = line.split(" ").slice(2).join(" ");
    if (seen.has(path)) return false;
    seen.add(path);
    return true;
  });
}
