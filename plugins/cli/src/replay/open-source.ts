import type { NativeClient } from '@shiplog/client';
import type { LogBoundary, ShiplogEvent } from '@shiplog/contracts';
import type { Replayable } from '@shiplog/replay';
import { type Context, note } from '../context.ts';

/** The log to replay: of a root, a log directory or an export at `path`; without one, of the engine, through its API. Says where it begins, if not at 0. */
export async function openSource(context: Context, path: string | undefined): Promise<Replayable> {
  const { inOrder, readSource } = await import('@shiplog/replay');
  if (path !== undefined) return told(context, readSource(path));
  const { native } = await context.client();
  return told(context, inOrder(await fromEngine(native)));
}

async function fromEngine(native: NativeClient): Promise<Replayable> {
  const { boundary, events } = await native.history();
  return boundary === undefined ? events : behind(boundary, events);
}

async function* behind(boundary: LogBoundary, events: AsyncIterable<ShiplogEvent>): AsyncGenerator<ShiplogEvent | LogBoundary> {
  yield boundary;
  yield* events;
}

async function* told(context: Context, log: Replayable): AsyncGenerator<ShiplogEvent | LogBoundary> {
  for await (const item of log) {
    if (item.kind === 'boundary')
      note(context, `The log begins at event ${item.first}: what was before was pruned, and the state just before it is known.`);
    yield item;
  }
}

/** What every mode says of its source in help. */
export const SOURCE_HELP =
  'SOURCE is the root of a stopped engine, a copied log directory, or an export (`shiplog log export`; also gzip or zstd). Without one,\nthe events come from the running engine. A pruned log is replayed from its first event that is kept.';
