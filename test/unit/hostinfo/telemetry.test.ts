import { expect, it } from "vitest";
import { cgroupLimits } from "../../../remote-agent/src/hostinfo/cgroup.ts";
import { Gpus, parseNvidiaSmi } from "../../../remote-agent/src/hostinfo/gpus.ts";
import { parseCpuTimes, parseMeminfo, parseProcessStat } from "../../../remote-agent/src/hostinfo/procfs.ts";
import { type Machine, TelemetrySampler, thisMachine } from "../../../remote-agent/src/hostinfo/telemetry.ts";
import { telemetrySample } from "../../../remote-agent/src/protocol/telemetry.ts";

const files = (content: Record<string, string>) => (path: string) => content[path] ?? null;
const STAT = "cpu  100 20 30 800 50 0 10 5 60 0\ncpu0 100 20 30 800 50 0 10 5 60 0\nintr 1 2\n";
const MEMINFO = "MemTotal:       24683656 kB\nMemFree:        17783376 kB\nMemAvailable:   21917500 kB\n";
const PROCESS =
  "77 (node (main) x) S 1 77 77 0 -1 4194304 1 0 0 0 250 50 9 9 20 0 11 0 79222 3133440 358 184467 1 1 0 0 0 0 0";

it("reads /proc: busy time without waiting and stolen time, available memory, CPU and pages behind any name", () => {
  expect(parseCpuTimes(STAT)).toEqual({ busy: 160, total: 1015 });
  expect(parseMeminfo(MEMINFO)).toEqual({ total: 24683656 * 1024, available: 21917500 * 1024 });
  expect(parseMeminfo(MEMINFO.replace(/MemAvail.*\n/, ""))?.available).toBe(17783376 * 1024);
  expect(parseProcessStat(PROCESS)).toEqual({ ticks: 300, pages: 358 });
});

it.each(["", "garbage", "cpu  a b\n"])("answers null for what is none of these (%j)", (text) => {
  expect(parseCpuTimes(text)).toBeNull();
  expect(parseMeminfo(text)).toBeNull();
  expect(parseProcessStat(text)).toBeNull();
});

it.each([
  [
    "v2, the tightest of the group and those above it",
    {
      "/proc/self/cgroup": "0::/jobs/run:1\n",
      "/sys/fs/cgroup/jobs/run:1/memory.max": "max\n",
      "/sys/fs/cgroup/jobs/run:1/memory.current": "900\n",
      "/sys/fs/cgroup/jobs/memory.max": "4000\n",
      "/sys/fs/cgroup/jobs/memory.current": "3000\n",
      "/sys/fs/cgroup/jobs/memory.stat": "anon 1\ninactive_file 1200\nactive_file 9\n",
      "/sys/fs/cgroup/jobs/run:1/cpu.max": "150000 100000\n",
      "/sys/fs/cgroup/jobs/cpu.max": "max 100000\n",
    },
    { memory: { limit: 4000, used: 1800 }, cores: 1.5 },
  ],
  [
    "v1, where the group's path is only visible from outside",
    {
      "/proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "700000\n",
      "/sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 200000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    },
    { memory: { limit: 1000000, used: 500000 }, cores: 0.5 },
  ],
  [
    "v1 without limits",
    {
      "/proc/self/cgroup": "4:memory:/\n1:cpu:/\n0::/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "700000\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    },
    { memory: null, cores: null },
  ],
  ["no cgroups at all", {}, { memory: null, cores: null }],
] as const)("honours a container's limits: %s", (_, content, limits) => {
  expect(cgroupLimits(files(content))).toEqual(limits);
});

it("reads nvidia-smi; what a GPU does not support is null, never 0", () => {
  const csv =
    "0, NVIDIA H100 80GB HBM3, 87, 40960, 81559, 512.34, 61\n1, NVIDIA H100 80GB HBM3 MIG 1g.10gb, [N/A], 12, 9856, [N/A], 45\n\nwarning: x\n";
  expect(parseNvidiaSmi(csv)).toEqual([
    {
      index: 0,
      name: "NVIDIA H100 80GB HBM3",
      utilization: 0.87,
      memoryUsed: 40960 * 2 ** 20,
      memoryTotal: 81559 * 2 ** 20,
      watts: 512.34,
      celsius: 61,
    },
    expect.objectContaining({ index: 1, utilization: null, watts: null, memoryUsed: 12 * 2 ** 20 }),
  ]);
});

it("asks for GPUs once where there is no driver, again later where it failed, and not more often than needed", async () => {
  const calls: string[] = [];
  const missing = new Gpus(async (program) => {
    calls.push(program);
    throw Object.assign(new Error("spawn nvidia-smi ENOENT"), { code: "ENOENT" });
  });
  expect([await missing.sample(0), await missing.sample(1e9)]).toEqual([undefined, undefined]);
  expect(calls).toEqual(["nvidia-smi"]);
  let asked = 0;
  const flaky = new Gpus(async () => {
    asked += 1;
    if (asked === 1) throw new Error("timed out");
    return "0, T4, 5, 1, 2, 30, 40\n";
  });
  expect(await flaky.sample(0)).toBeUndefined();
  expect(await flaky.sample(30_000)).toBeUndefined();
  expect((await flaky.sample(61_000))?.[0]?.name).toBe("T4");
  await flaky.sample(63_000);
  expect(asked).toBe(2);
});

function machine(changes: Partial<Machine> = {}): Machine & { advance(seconds: number, ticks: number): void } {
  let elapsed = 0;
  let ticks = 300;
  return {
    now: () => 1000 + elapsed,
    elapsed: () => elapsed,
    read: (path) =>
      files({
        "/proc/stat": `cpu  ${ticks} 0 0 ${elapsed / 10} 0 0 0 0 0 0\n`,
        "/proc/meminfo": MEMINFO,
        "/proc/77/stat": PROCESS.replace(" 250 50 ", ` ${ticks - 50} 50 `),
      })(path),
    exec: async () => "",
    disk: async () => ({ total: 100, free: 40 }),
    node: () => ({ cores: 8, times: { busy: 0, total: 0 }, memory: { total: 1, free: 1 }, load: [1, 2, 3] }),
    advance(seconds, more) {
      elapsed += seconds * 1000;
      ticks += more;
    },
    ...changes,
  };
}

it("tells rates from the second sample on, and leaves out what is not there", async () => {
  const host = machine();
  const sampler = new TelemetrySampler("/runs", host);
  const watched = [
    { role: "agent", pid: 77 },
    { role: "engine", pid: 78 },
  ] as const;
  const first = await sampler.sample(watched);
  expect(first).toMatchObject({ cpu: { cores: 8, busy: null }, processes: [{ role: "agent", cores: null }] });
  expect("gpus" in first).toBe(false);
  host.advance(10, 500);
  const second = await sampler.sample(watched);
  expect(second.processes).toEqual([{ role: "agent", pid: 77, cores: 0.5, memory: 358 * 4096 }]);
  // 500 busy ticks beside 1000 idle ones: a third of eight cores.
  expect(second.cpu.busy).toBeCloseTo(8 / 3, 3);
  expect(second.memory).toEqual({ total: 24683656 * 1024, used: 2766156 * 1024, limited: false });
});

it("goes on without a disk that does not answer, and does not pile up questions to it", async () => {
  let asked = 0;
  const hanging = machine({
    disk: () => {
      asked += 1;
      return new Promise(() => undefined);
    },
  });
  const sampler = new TelemetrySampler("/nfs", hanging);
  expect((await sampler.sample([])).disk).toBeNull();
  expect((await sampler.sample([])).disk).toBeNull();
  expect(asked).toBe(1);
});

it("falls back to what Node tells where there is no /proc", async () => {
  const mac = machine({
    read: () => null,
    node: () => ({ cores: 4, times: { busy: 10, total: 100 }, memory: { total: 64, free: 16 }, load: [0, 0, 0] }),
  });
  const sample = await new TelemetrySampler("/", mac).sample([{ role: "agent", pid: 77 }]);
  expect(sample).toMatchObject({ cpu: { cores: 4 }, memory: { total: 64, used: 48, limited: false }, processes: [] });
});

it("samples this machine", async () => {
  const sampler = new TelemetrySampler(import.meta.dirname, thisMachine());
  const sample = await sampler.sample([{ role: "agent", pid: process.pid }]);
  expect(telemetrySample.parse(sample)).toEqual(sample);
  expect(sample.memory.used).toBeGreaterThan(2 ** 20);
  // A disk that does not answer in time is not known in that sample.
  await expect.poll(async () => (await sampler.sample([])).disk?.total).toBeGreaterThan(2 ** 20);
  if (process.platform === "linux") expect(sample.processes[0]?.memory).toBeGreaterThan(2 ** 20);
});
