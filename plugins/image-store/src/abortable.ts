import { ShiplogError } from '@shiplog/contracts';

/** Passes `source` on until `signal` aborts; then throws CANCELED at once, also while waiting for the next chunk. */
export async function* abortable(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new ShiplogError('CANCELED', 'the load was canceled', {}, { cause: signal.reason }));
  // An abort after the last wait has nobody to tell.
  aborted.catch(() => undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  let ended = false;
  let waiting = false;
  try {
    for (;;) {
      waiting = true;
      const next = await Promise.race([aborted, chunks.next()]);
      waiting = false;
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A generator that hangs in next() would never answer return().
    const closing = ended ? undefined : chunks.return?.();
    if (!waiting) await closing;
    else closing?.catch(() => undefined);
  }
}
