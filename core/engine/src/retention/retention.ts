import { type RetentionPolicy, type RetentionStatus, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import { system } from '../system.ts';
import type { Executor } from '../commands/executor.ts';
import { type Needed, planRetention, RETENTION, type RetentionPlan } from './retention-plan.ts';

/** How often it looks, at the longest and at the shortest; in between a tenth of the shortest age. Milliseconds. */
const LOOK_MS = { most: 60_000, least: 1000, share: 10 };
/** How long it waits after it could not do what was due: what failed is in the log, and need not be there every minute. */
const REST_MS = 3_600_000;

/**
 * Seals and prunes the log as a policy says, by the same commands that people give: each leaves its intent and its outcome, by `system` for
 * `retention`. It knows nothing that the log does not say, so that a new engine goes on where another one died.
 */
export class Retention {
  readonly #core: EngineCore;
  readonly #executor: Executor;
  readonly #policy: RetentionPolicy;
  /** Wall clock, nanoseconds, and steady clock, milliseconds, at the beginning. */
  readonly #begin: { readonly now: bigint; readonly ms: number };

  constructor(core: EngineCore, executor: Executor, policy: RetentionPolicy) {
    this.#core = core;
    this.#executor = executor;
    this.#policy = policy;
    const { clock } = core.parts;
    this.#begin = { now: BigInt(clock.now()), ms: clock.ms() };
  }

  /** Looks now and then, and does what is due, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const done = await this.look(signal);
      await this.#wait(done ? this.#lookMs() : REST_MS, signal);
    }
  }

  async status(): Promise<RetentionStatus> {
    const { due: _, ...plan } = await this.#plan();
    return { policy: this.#policy, ...plan };
  }

  /** Does all that is due and that nobody begins to need meanwhile; false if something could not be done, or comes to nothing. */
  async look(signal: AbortSignal): Promise<boolean> {
    try {
      const { log } = this.#core.ledger;
      let vain = 0;
      for (let { due } = await this.#plan(); due !== undefined && !signal.aborted; { due } = await this.#plan()) {
        const { firstSeq, sealedSeq } = log;
        await this.#executor.execute(due.verb, { before: due.before }, system(RETENTION));
        if (log.firstSeq === firstSeq && log.sealedSeq === sealedSeq) vain += 1;
        // Once may be for somebody who began to read in between: the next plan knows of them.
        if (vain > 1) return false;
      }
      return true;
    } catch (error) {
      const { code, message } = ShiplogError.wrap(error);
      if (code === 'LOG_PRUNE_BLOCKED') return true;
      if (!signal.aborted && code !== 'ENGINE_STOPPING') this.#core.parts.logger.warn('log not sealed or pruned', { code, message });
      return false;
    }
  }

  #plan(): Promise<RetentionPlan> {
    const { ledger } = this.#core;
    return planRetention(this.#policy, ledger.log, this.#now(), this.#needed());
  }

  /** What the wall clock would show had nobody set it since the beginning: one that is set ahead makes nothing old. */
  #now(): bigint {
    return this.#begin.now + BigInt(Math.round(this.#core.parts.clock.ms() - this.#begin.ms)) * 1_000_000n;
  }

  /** The oldest event that somebody needs: an operation under way its intent, for recovery; a follower all that it has not been given. */
  #needed(): Needed | undefined {
    const { head, log } = this.#core.ledger;
    const needed: Needed[] = head.openOperations
      .values()
      .map(({ seq }): Needed => ({ seq, by: 'operation' }))
      .toArray();
    if (log.followedSeq !== undefined) needed.push({ seq: log.followedSeq, by: 'follower' });
    return needed.toSorted((a, b) => a.seq - b.seq)[0];
  }

  #lookMs(): number {
    const ages = [this.#policy.sealAfterMs, this.#policy.keepMs].filter((age) => age !== undefined);
    return Math.max(LOOK_MS.least, Math.min(LOOK_MS.most, ...ages.map((age) => age / LOOK_MS.share)));
  }

  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#core.parts.clock.after(ms, () => {
        signal.removeEventListener('abort', end);
        resolve();
      });
      const end = (): void => {
        cancel();
        resolve();
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  }
}
