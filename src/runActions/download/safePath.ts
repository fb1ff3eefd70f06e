/**
 * The steps of a path that a host sent, if it stays below the folder it is meant for on every system; null otherwise. Hosts are
 * not trusted to name places on this machine.
 */
export function safeSteps(remote: string): string[] | null {
  const steps = remote.split("/");
  return steps.length <= 20 && steps.every(isSafe) ? steps : null;
}

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

function isSafe(step: string): boolean {
  const whole = /^[A-Za-z0-9_=+@(),-][A-Za-z0-9_=+@(),. -]{0,199}$/.test(step);
  return whole && !/[. ]$/.test(step) && !reserved.test(step);
}
