import { isDeepStrictEqual } from 'node:util';
import type { Boundary, Bounded, ShiplogEvent } from '@shiplog/contracts';
import { corrupt, refusal } from '../check/corrupt.ts';
import type { LogDatabase } from '../stored/database.ts';
import { boundedBy, readBase, readFirst } from './base.ts';

/** What stands for the pruned events, when one of `events` says that it does; see EventLogReader.boundary. */
export async function readBoundary(db: LogDatabase, events: AsyncIterable<ShiplogEvent>): Promise<Boundary | undefined> {
  let first = 0;
  try {
    first = await readFirst(db);
    const base = await readBase(db);
    if (base === undefined) return undefined;
    let said: Bounded | undefined;
    for await (const event of events) if (event.type === 'log.bounded' && event.data.first === base.first) said = event.data;
    if (!isDeepStrictEqual(said, boundedBy(base.first, base))) throw corrupt(0, base.first - 1, NOT_AS_RECORDED);
    return { seq: base.first - 1, state: base.state };
  } catch (error) {
    throw refusal(error, 0, Math.max(0, first - 1));
  }
}

/** Why a boundary cannot be trusted. */
export const NOT_AS_RECORDED = 'what stands for these pruned events is not what was recorded when they went';
