import { type ClockRule, type ClockSettings, ofMoment } from "../moment.ts";

/** GPUs that stand still while the run is at work. One busy GPU is enough: the roles may take turns. */
export function gpuIdle(settings: ClockSettings): ClockRule {
  let since: number | null = null;
  return (moment) => {
    const { telemetry, working, elapsed } = moment;
    const own = (telemetry?.gpus ?? []).filter(({ index }) => moment.gpus === null || moment.gpus.includes(index));
    const told = own.flatMap(({ utilization }) => (utilization === null ? [] : [utilization]));
    if (told.length === 0) {
      since = null;
      return null;
    }
    const { minutes, utilization } = settings().alarms.gpuIdle;
    const busiest = Math.max(...told);
    since = working && busiest < utilization ? (since ?? elapsed) : null;
    const idle = since === null ? 0 : (elapsed - since) / 60_000;
    return {
      ...ofMoment("gpuIdle", moment),
      holds: idle >= minutes,
      values: { minutes: idle, utilization: busiest, gpus: told.length },
      limits: { minutes, utilization },
    };
  };
}
