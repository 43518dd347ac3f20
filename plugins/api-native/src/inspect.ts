import {
  type ContainerRecord,
  type Engine,
  type ImageRecord,
  type Moment,
  type NetworkRecord,
  ShiplogError,
  type VolumeRecord,
} from '@shiplog/contracts';
import type { InspectKind } from './inspect-kinds.ts';
import { lastRemoval } from './last-removal.ts';

/** A record with its kind. */
export type InspectRecord =
  | { readonly kind: 'container'; readonly record: ContainerRecord }
  | { readonly kind: 'image'; readonly record: ImageRecord }
  | { readonly kind: 'network'; readonly record: NetworkRecord }
  | { readonly kind: 'volume'; readonly record: VolumeRecord };

/** An object as it was after the event at `seq`. `removedAt`: the event that removed it; its time is nanoseconds, decimal. */
export type InspectAnswer = InspectRecord & {
  readonly seq: number;
  readonly removedAt?: { readonly seq: number; readonly time: string };
};

/** As it was at a moment. Throws the kind's not-found code, REFERENCE_AMBIGUOUS, LOG_POSITION_UNKNOWN or LOG_PRUNED. */
export function inspectAt(engine: Engine, kinds: readonly InspectKind[], ref: string, at: Moment): Promise<InspectAnswer> {
  return find(engine, kinds, ref, at);
}

/** As it is now; or, if it is no more, as it was just before the last removal of something that answered to `ref`. */
export async function inspectNow(engine: Engine, kinds: readonly InspectKind[], ref: string): Promise<InspectAnswer> {
  try {
    return await find(engine, kinds, ref);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const removal = await lastRemoval(engine, kinds, ref, engine.log.durableSeq);
    if (removal === undefined) throw error;
    const before = await find(engine, [removal.kind], removal.id, { seq: removal.last });
    return { ...before, removedAt: { seq: removal.seq, time: removal.time } };
  }
}

/** The first kind that knows `ref`. An ambiguous prefix in one kind does not hide an exact name in the next. */
async function find(engine: Engine, kinds: readonly InspectKind[], ref: string, at?: Moment): Promise<InspectAnswer> {
  const failures: unknown[] = [];
  for (const kind of kinds) {
    try {
      const { seq, record } = await engine.record(kind, ref, at);
      // The record is of the kind that was asked for.
      return { kind, record, seq } as InspectAnswer;
    } catch (error) {
      if (!isNotFound(error) && !isAmbiguous(error)) throw error;
      failures.push(error);
    }
  }
  const ambiguous = failures.find(isAmbiguous);
  if (ambiguous !== undefined) throw ambiguous;
  if (failures.length === 1) throw failures[0];
  throw new ShiplogError('NOT_FOUND', `no such object: ${ref}`, { ref });
}

function isNotFound(error: unknown): boolean {
  return (
    error instanceof ShiplogError && error.class === 'not-found' && error.code !== 'LOG_POSITION_UNKNOWN' && error.code !== 'LOG_PRUNED'
  );
}

function isAmbiguous(error: unknown): boolean {
  return error instanceof ShiplogError && error.code === 'REFERENCE_AMBIGUOUS';
}
