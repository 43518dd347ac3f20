import diff from 'microdiff';
import type { Decision } from '@shiplog/model';
import type { ErrorRecord, ShiplogEvent } from '@shiplog/contracts';

/** One place where two decisions differ. `path` is dotted; what is not there is undefined. */
export interface Change {
  readonly path: string;
  readonly recorded?: unknown;
  readonly now?: unknown;
}

/** A command that would be decided otherwise today. */
export interface Difference {
  readonly seq: number;
  readonly op: string;
  readonly verb: string;
  readonly stream: string;
  readonly changes: readonly Change[];
}

/** Compares what was decided with what is decided now. A refusal is its code; words are no difference. */
export function compareDecisions(
  event: ShiplogEvent,
  recorded: { readonly decided: unknown; readonly refusal: ErrorRecord | undefined },
  now: Decision,
  conflict: string | undefined,
): { readonly found?: Difference; readonly reworded: boolean } {
  const before = {
    stream: event.stream,
    tags: event.tags ?? [],
    decided: recorded.decided,
    ...(recorded.decided === null ? { refused: recorded.refusal?.code ?? 'unknown' } : {}),
  };
  const { decided } = now.intent.data as { readonly decided: unknown };
  const after = {
    stream: now.stream,
    tags: now.intent.tags ?? [],
    decided,
    ...(now.ok ? {} : { refused: now.refusal.code }),
    ...(conflict === undefined ? {} : { conflict }),
  };
  const changes = changesBetween(before, after);
  const reworded = !now.ok && changes.length === 0 && recorded.refusal?.message !== now.refusal.message;
  if (changes.length === 0) return { reworded };
  const { seq, op, stream, type } = event;
  return { found: { seq, op, verb: type.replace(/\.requested$/, ''), stream, changes }, reworded };
}

/** Every path at which two plain objects differ. */
export function changesBetween(before: object, after: object): readonly Change[] {
  if (diff(before, after, { cyclesFix: false }).length === 0) return [];
  // Fields that are there and undefined are left out of what is stored.
  const plain: object = JSON.parse(JSON.stringify(after));
  return diff(before, plain, { cyclesFix: false }).map((change) => ({
    path: change.path.join('.'),
    ...(change.type === 'CREATE' ? {} : { recorded: change.oldValue }),
    ...(change.type === 'REMOVE' ? {} : { now: change.value }),
  }));
}
