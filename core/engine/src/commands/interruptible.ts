import { ShiplogError } from '@shiplog/contracts';

/**
 * A stream that ends with CANCELED when `signal` aborts, also while it waits for bytes that may never come, and where its source breaks of that: a client who
 * hangs up does both.
 */
export async function* interruptible(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new ShiplogError('CANCELED', 'the caller went away, or the container is being removed'));
  // Where nobody waits at the moment, the next one will be told.
  aborted.catch(() => undefined);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    for (;;) {
      // Of two that have settled the first counts.
      const next = await Promise.race([aborted, chunks.next()]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    // Not awaited: a source that waits for bytes does not end before they come.
    void Promise.resolve(chunks.return?.()).catch(() => undefined);
  }
}
