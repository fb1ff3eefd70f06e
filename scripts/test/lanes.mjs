/**
 * Runs jobs in one or two lanes: the first takes them from the front of the list, the second from its end, until none is left. So what
 * mostly computes and what mostly waits go side by side when the list has them at its two ends.
 *
 * @template T
 * @param {readonly {name: string, run: (write: (text: string) => void) => Promise<T>}[]} jobs
 * @param {{lanes: number, turns: ReturnType<typeof takingTurns>}} how
 * @returns {Promise<T[]>} in the order of the list. @throws what the first job that failed threw, when both lanes have ended
 */
export async function inLanes(jobs, { lanes, turns }) {
  const left = jobs.map((job, index) => ({ ...job, index }));
  const results = new Array(jobs.length);
  const lane = async (next) => {
    for (let job = next(); job !== undefined; job = next()) {
      const turn = turns.begin(`\n▶ ${job.name}\n`);
      try {
        results[job.index] = await job.run(turn.write);
      } finally {
        turn.end();
      }
    }
  };
  const all = [lane(() => left.shift()), ...(lanes > 1 ? [lane(() => left.pop())] : [])];
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return results;
}

/**
 * Output of jobs that run at the same time, one whole job after the other: one is shown while it speaks, what the others say is held
 * back until it has ended.
 *
 * @param {(text: string) => void} show
 */
export function takingTurns(show) {
  /** In the order in which they began; the first one is shown. */
  let open = [];

  const flush = (turn) => {
    for (const text of turn.held.splice(0)) show(text);
  };
  const advance = () => {
    const ended = open.filter((turn) => turn.ended);
    open = open.filter((turn) => !turn.ended);
    for (const turn of [...ended, ...open.slice(0, 1)]) flush(turn);
  };
  return {
    /** @param {string} head what is shown before everything else of this job */
    begin(head) {
      const turn = { held: [head], ended: false };
      open.push(turn);
      if (open[0] === turn) flush(turn);
      return {
        write(text) {
          turn.held.push(text);
          if (open[0] === turn) flush(turn);
        },
        end() {
          turn.ended = true;
          if (open[0] === turn) advance();
        },
      };
    },
    /** Shows what is held back, for a run that ends early. */
    rest() {
      for (const turn of open) flush(turn);
    },
  };
}
