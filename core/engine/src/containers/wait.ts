import { ShiplogError, type WaitCondition } from '@shiplog/contracts';
import { filter, firstValueFrom, fromEvent, map, merge, type Observable } from 'rxjs';
import type { Ledger } from '../state/ledger.ts';

export interface Waited {
  readonly exitCode: number;
  readonly error?: string;
}

/**
 * Resolves when the condition holds, from durable facts only. Subscribed before it returns: what happens after the call
 * is seen, however soon. Throws CONTAINER_NOT_FOUND at once, and CANCELED when `signal` aborts, also where it has already.
 */
export async function waitFor(ledger: Ledger, ref: string, condition: WaitCondition, signal?: AbortSignal): Promise<Waited> {
  const container = ledger.head.container(ref);
  const left = (): never => {
    throw new ShiplogError('CANCELED', 'the caller stopped waiting');
  };
  // It aborts once: whoever listens from now on hears nothing of it.
  if (signal?.aborted === true) left();
  const { id } = container;
  const running = container.process !== undefined || container.busy?.verb === 'container.start';
  if (condition === 'not-running' && !running) {
    const { exitCode } = container;
    // It may have ended just now.
    await ledger.log.flushed();
    return { exitCode };
  }
  let last: Waited = { exitCode: container.exitCode };
  const ends = ledger.facts.pipe(
    filter(
      (event) => event.stream === `container/${id}` || (event.type === 'container.prune.succeeded' && event.data.removed.includes(id)),
    ),
    map((event): Waited | undefined => {
      if (event.type === 'container.exited') {
        last = { exitCode: event.data.exitCode };
        return condition === 'removed' ? undefined : last;
      }
      // A start that fails ends what waits for an end; the exit code says how.
      if (event.type === 'container.start.failed' && event.result?.status === 'failed') {
        last = { exitCode: ledger.head.containers.get(id)?.exitCode ?? 128 };
        return condition === 'not-running' ? last : undefined;
      }
      return event.type === 'container.remove.succeeded' || event.type === 'container.prune.succeeded' ? last : undefined;
    }),
    filter((waited) => waited !== undefined),
  );
  const aborted: Observable<never> = fromEvent(signal ?? new EventTarget(), 'abort').pipe(map(left));
  return firstValueFrom(merge(ends, aborted));
}
