import type { ShiplogEvent } from '@shiplog/contracts';
import type { Context } from '../context.ts';

/** The events to replay: of a root, a log directory or an export at `path`; without one, of the engine, through its API. */
export async function openSource(context: Context, path: string | undefined): Promise<AsyncIterable<ShiplogEvent>> {
  const { inOrder, readSource } = await import('@shiplog/replay');
  if (path !== undefined) return readSource(path);
  const { native } = await context.client();
  return inOrder(await native.events({ from: '0' }));
}

/** What every mode says of its source in help. */
export const SOURCE_HELP =
  'SOURCE is the root of a stopped engine, a copied log directory, or an export (`shiplog events --from 0 --format json`; also gzip\nor zstd). Without one, the events come from the running engine.';
