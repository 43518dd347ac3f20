import type { ShiplogEvent } from '@shiplog/contracts';

const CHUNK = 64 * 1024;

/** Texts put together to chunks of 64 KiB, so that a file is not written line by line. */
export async function* chunks(texts: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let pending = '';
  for await (const text of texts) {
    pending += text;
    if (pending.length < CHUNK) continue;
    yield pending;
    pending = '';
  }
  if (pending !== '') yield pending;
}

/** One text an event, after `head`: the shape of most formats. */
export async function* lines(
  events: AsyncIterable<ShiplogEvent>,
  toText: (event: ShiplogEvent) => string,
  head = '',
): AsyncGenerator<string> {
  let pending = head;
  for await (const event of events) {
    pending += toText(event);
    if (pending.length < CHUNK) continue;
    yield pending;
    pending = '';
  }
  if (pending !== '') yield pending;
}
