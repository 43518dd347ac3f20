import type { CommandType } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import { type Commands, settle } from './settle.ts';

/** Milliseconds before the first try after a failure, and at most. */
const FIRST = 100;
const LONGEST = 300_000;

/** What gives back what an ended container holds, or takes it away. */
const SETTLING: ReadonlySet<CommandType> = new Set(['container.release', 'container.remove']);

/**
 * Settles containers after operations on them: at once, but after a failure to do just that later and later, up to five minutes, so that a driver
 * which always fails fills no log. Whoever starts or removes the container has it tried at once.
 */
export class Settling {
  /** Failures in a row, by container. */
  readonly #failures = new Map<string, number>();

  constructor(
    private readonly core: EngineCore,
    private readonly commands: Commands,
  ) {}

  /** An operation on a container has ended; its outcome, if that is in the log, is at `outcome`. */
  after(
    id: string,
    { verb, failed, outcome }: { readonly verb: CommandType; readonly failed: boolean; readonly outcome: number | undefined },
  ): void {
    const again = (): void => void settle(this.core, this.commands, id, outcome);
    if (!failed || !SETTLING.has(verb)) {
      this.#failures.delete(id);
      again();
      return;
    }
    const failures = this.#failures.get(id) ?? 0;
    this.#failures.set(id, failures + 1);
    this.core.parts.clock.deadline(Math.min(FIRST * 2 ** failures, LONGEST)).addEventListener('abort', again, { once: true });
  }
}
