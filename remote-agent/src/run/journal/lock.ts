import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { type HostIdentity, hostIdentity, isAlive, ownIdentity, sameHost } from "../../hostinfo/processIdentity.ts";
import { DiskFull, isDiskFull, StorageError } from "./errors.ts";
import {
  type Aged,
  Lease,
  linkExclusively,
  mtimeMs,
  Owner,
  readAged,
  replaceDurably,
  sweep,
  syncDirectory,
  touchInPlace,
  writeTemporary,
} from "./lockFile.ts";
import { lastJournalEpoch } from "./recover.ts";

/** How often the lease is renewed. */
export const RENEW_MS = 10_000;
/** An owner that could not renew for so long stops by itself … */
export const SELF_FENCE_MS = 45_000;
/** … before another host may take the run from it. */
export const STALE_MS = 60_000;
const ATTEMPTS = 20;

type GoneRules = Pick<RunLockOptions, "staleMs" | "isGone">;

export class RunLocked extends StorageError {
  readonly owner: Owner | undefined;

  constructor(runDir: string, owner: Owner | undefined) {
    const who = owner
      ? `process ${owner.pid} on host ${owner.host}`
      : `an owner that cannot be read from ${runDir}/LOCK`;
    super(
      "run_locked",
      `This run is already being run by ${who}. Attach to it to watch or steer it, or stop it there first. ` +
        "If that host is gone, try again a minute after its last sign of life.",
      { runDir, owner },
    );
    this.owner = owner;
  }
}

export class LeaseLost extends StorageError {
  constructor(runDir: string, epoch: number, why: string) {
    super(
      "lease_lost",
      `This process no longer owns the run (${why}), so it stops without writing anything more. Attach to the new owner, or resume the run.`,
      { runDir, epoch, why },
    );
  }
}

export interface RunLockOptions {
  /** Called once when ownership is lost; the process must stop all work on the run. */
  readonly onLost: (error: LeaseLost) => void;
  readonly host?: HostIdentity;
  /** Ms since 1970: what the lease says, and a hint that this machine has slept. It may jump. */
  readonly clock?: () => number;
  /** Ms since any moment, never jumping: how long the lease has not been renewed. */
  readonly elapsed?: () => number;
  readonly renewMs?: number;
  readonly selfFenceMs?: number;
  readonly staleMs?: number;
  /** The batch job that this process is. */
  readonly slurm?: Owner["slurm"];
  /**
   * Asked about an owner elsewhere whose lease is stale, where more can be known than that: false, or a failure, leaves
   * the run with it.
   */
  readonly isGone?: (owner: Owner) => Promise<boolean>;
}

/** What whoever takes a run may know of its owner, and says of itself. */
export type RunClaim = Pick<RunLockOptions, "slurm" | "isGone">;

/**
 * Takes a run for this process: the only one that may write in `runDir`, also on NFS.
 *
 * `LOCK` names the owner; it appears by link(2), so one of many wins. `lease.json` is renewed every 10 s. An owner on this
 * host is gone when its process is (pid and start time, within the same boot and pid namespace), and alive otherwise however
 * old its lease; an owner elsewhere is gone when its lease has not been renewed for 60 s of the file system's clock and,
 * where it is a batch job, the scheduler says that it does not run any more. The owner itself stops after 45 s without renewal. What still gets through from an owner that was frozen in
 * between is refused by its epoch, which every new owner raises.
 * @throws RunLocked, DiskFull
 */
export async function acquireRunLock(runDir: string, options: RunLockOptions): Promise<RunLock> {
  try {
    return await acquire(runDir, options);
  } catch (error) {
    throw isDiskFull(error) ? new DiskFull(`${runDir}/LOCK`, error) : error;
  }
}

async function acquire(runDir: string, options: RunLockOptions): Promise<RunLock> {
  const owner: Owner = {
    nonce: randomUUID(),
    ...(options.host ?? hostIdentity()),
    ...ownIdentity(),
    ...(options.slurm === undefined ? {} : { slurm: options.slurm }),
  };
  const temporary = await writeTemporary(runDir, owner);
  try {
    await takeLock(runDir, temporary, owner, options);
  } finally {
    await rm(temporary, { force: true });
  }
  const before = await readAged(`${runDir}/lease.json`, Lease);
  const epoch = Math.max(before?.value.epoch ?? 0, await lastJournalEpoch(runDir)) + 1;
  const lock = new RunLock(runDir, owner, epoch, options);
  await lock.renew().catch(async (error: unknown) => {
    await lock.release(); // what could not be begun leaves no owner behind
    throw error;
  });
  await sweep(runDir, owner.nonce);
  return lock;
}

async function takeLock(runDir: string, temporary: string, me: Owner, rules: GoneRules): Promise<void> {
  const lockPath = `${runDir}/LOCK`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await linkExclusively(temporary, lockPath)) return syncDirectory(runDir);
    const holder = await readAged(lockPath, Owner);
    if (holder && (await takeFromGone(runDir, temporary, me, holder, rules))) return syncDirectory(runDir);
  }
  throw new RunLocked(runDir, (await readAged(lockPath, Owner))?.value);
}

/**
 * Replaces the LOCK of an owner that is gone. Only who links `LOCK.claim-<nonce of the owner>` may do so, hence one; a
 * claimer that died half-way is itself an owner that is gone, and is claimed in turn.
 * @returns false when the lock changed meanwhile, so that the whole attempt has to be repeated
 */
async function takeFromGone(
  runDir: string,
  temporary: string,
  me: Owner,
  holder: Aged<Owner>,
  rules: GoneRules,
): Promise<boolean> {
  const lockPath = `${runDir}/LOCK`;
  let victim = holder;
  let claim = `${lockPath}.claim-${victim.value.nonce}`;
  for (;;) {
    if (!(await isGone(runDir, victim, me, await mtimeMs(temporary), rules))) {
      throw new RunLocked(runDir, victim.value);
    }
    if (await linkExclusively(temporary, claim)) break;
    const claimer = await readAged(claim, Owner);
    if (!claimer) return false;
    victim = claimer;
    claim = `${lockPath}.claim-${victim.value.nonce}`;
  }
  // The claim may have come free only because the owner it names has been replaced already.
  const current = await readAged(lockPath, Owner);
  if (current?.value.nonce !== holder.value.nonce) {
    await rm(claim, { force: true });
    return false;
  }
  await rename(temporary, lockPath);
  return true;
}

async function isGone(
  runDir: string,
  owner: Aged<Owner>,
  me: HostIdentity,
  fileSystemNow: number,
  { staleMs = STALE_MS, isGone: confirm = async () => true }: GoneRules,
): Promise<boolean> {
  if (sameHost(owner.value, me)) return !isAlive(owner.value);
  const lease = await readAged(`${runDir}/lease.json`, Lease);
  const lastSign = lease?.value.nonce === owner.value.nonce ? lease.mtimeMs : owner.mtimeMs;
  return fileSystemNow - lastSign > staleMs && confirm(owner.value);
}

/** Ownership of a run, kept alive until `release`. */
export class RunLock {
  /** Higher than that of every owner before. */
  readonly epoch: number;
  readonly #runDir: string;
  readonly #owner: Owner;
  readonly #options: RunLockOptions;
  readonly #clock: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #elapsed: () => number;
  /** By both clocks. */
  #renewedAt: { readonly clock: number; readonly elapsed: number };
  #renewing: Promise<void> | undefined;
  #lost: LeaseLost | undefined;

  constructor(runDir: string, owner: Owner, epoch: number, options: RunLockOptions) {
    this.#runDir = runDir;
    this.#owner = owner;
    this.epoch = epoch;
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#elapsed = options.elapsed ?? (() => performance.now());
    this.#renewedAt = this.#now();
    this.#timer = setInterval(() => this.#tick(), options.renewMs ?? RENEW_MS).unref();
  }

  /**
   * For the moment before something is written: returns at once while the lease is fresh, asks the disk after a pause
   * (a suspended machine, a stopped process). Throws LeaseLost.
   */
  async assertHeld(): Promise<void> {
    if (!this.#lost && this.#mayHaveSlept()) {
      // A renewal that began before the pause may have read LOCK before it, and would answer for what is no longer so.
      await this.#renewing?.catch(() => undefined);
      await this.renew();
    }
    if (this.#lost) throw this.#lost;
  }

  /** Checks that the lock is still ours and renews the lease. Rejects only when the file system does. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renewNow().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Gives the run back. Leaves the lock of another owner alone. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing?.catch(() => undefined); // release goes by what LOCK says, whether or not that worked
    if (this.#lost || this.#silence() > this.#selfFenceMs) return;
    this.#lost = new LeaseLost(this.#runDir, this.epoch, "it was released");
    const current = await readAged(`${this.#runDir}/LOCK`, Owner);
    if (current?.value.nonce !== this.#owner.nonce) return;
    await rm(`${this.#runDir}/LOCK`, { force: true });
    await syncDirectory(this.#runDir);
  }

  get #selfFenceMs(): number {
    return this.#options.selfFenceMs ?? SELF_FENCE_MS;
  }

  /** By the clock that does not jump: a correction of the other one must not cost the run its owner. */
  #silence(): number {
    return this.#elapsed() - this.#renewedAt.elapsed;
  }

  /** The clock that does not jump may stand still while the machine is suspended; the other one tells. */
  #mayHaveSlept(): boolean {
    const { clock } = this.#renewedAt;
    return Math.max(this.#silence(), Math.abs(this.#clock() - clock)) > 2 * (this.#options.renewMs ?? RENEW_MS);
  }

  #now(): { clock: number; elapsed: number } {
    return { clock: this.#clock(), elapsed: this.#elapsed() };
  }

  #tick(): void {
    // A renewal that hangs or fails is tried again at the next tick, until the lease is too old to be trusted.
    this.renew().catch(() => undefined);
    if (this.#silence() > this.#selfFenceMs) this.#lose("it could not renew its lease in time");
  }

  async #renewNow(): Promise<void> {
    if (this.#lost) return;
    const [lock, lease] = [
      await readAged(`${this.#runDir}/LOCK`, Owner),
      await readAged(`${this.#runDir}/lease.json`, Lease),
    ];
    if (!lock) return this.#lose("the lock was removed");
    if (lock.value.nonce !== this.#owner.nonce) {
      return this.#lose(`process ${lock.value.pid} on host ${lock.value.host} took it over`);
    }
    if (lease && lease.value.epoch > this.epoch) {
      return this.#lose(`process ${lease.value.pid} on host ${lease.value.host} holds epoch ${lease.value.epoch}`);
    }
    const renewedAt = this.#now();
    const content = { ...this.#owner, epoch: this.epoch, renewedAt: renewedAt.clock };
    await replaceDurably(this.#runDir, "lease.json", content).catch(async (error: unknown) => {
      if (!isDiskFull(error) || lease === undefined) throw error;
      await touchInPlace(`${this.#runDir}/lease.json`);
    });
    this.#renewedAt = renewedAt;
  }

  #lose(why: string): void {
    if (this.#lost) return;
    clearInterval(this.#timer);
    this.#lost = new LeaseLost(this.#runDir, this.epoch, why);
    this.#options.onLost(this.#lost);
  }
}
