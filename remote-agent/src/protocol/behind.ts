/** How far what is derived from a journal has come; `problem` says why it cannot come further, where it cannot. */
export interface ReadState {
  readonly current: boolean;
  readonly problem: string | null;
}

/** Whether more of a run will be known without anybody's doing; a damaged journal is read no further. */
export function isBehind({ current, problem }: ReadState): boolean {
  return !current && problem === null;
}
