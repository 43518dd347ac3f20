import { type EventLog, type RetentionPolicy, type RetentionStatus, ShiplogError } from '@shiplog/contracts';

/** What is to be done now, and what is next. */
export interface RetentionPlan extends Omit<RetentionStatus, 'policy'> {
  /** `before`: the first event that stays. Doing it gets somewhere: asked again afterwards, the plan is another. */
  readonly due?: { readonly verb: 'log.seal' | 'log.prune'; readonly before: number };
}

/** What must stay, and why. */
export interface Needed {
  readonly seq: number;
  readonly by: 'operation' | 'follower';
}

/** Events read at once. */
const FEW = 8;
const MS = 1_000_000n;
const DAY = 86_400_000;
/** Whom the policy's commands are by. */
export const RETENTION = 'retention';

/** How much more than the policy says gathers before something is done, so that archives are neither small nor many. */
const SHARE = 10;

type Policy = RetentionPolicy;
type Log = Pick<EventLog, 'firstSeq' | 'sealedSeq' | 'durableSeq' | 'sealable' | 'prunable' | 'storedBytes' | 'positionAt' | 'read'>;

/**
 * What a policy asks for, of a log as it is at `now` (nanoseconds since the epoch). Nothing at or after `needed` is pruned, and nothing that is younger
 * than the policy keeps. What there is to do follows from the log alone: whoever asks again after a crash gets the same. Of a log that is pruned
 * meanwhile it is made anew.
 */
export async function planRetention(policy: Policy, log: Log, now: bigint, needed: Needed | undefined): Promise<RetentionPlan> {
  for (;;) {
    const { firstSeq } = log;
    try {
      const plan = await planOnce(policy, log, now, needed);
      if (log.firstSeq === firstSeq) return plan;
    } catch (error) {
      if (log.firstSeq === firstSeq) throw error;
    }
  }
}

async function planOnce(policy: Policy, log: Log, now: bigint, needed: Needed | undefined): Promise<RetentionPlan> {
  const prune = await planPrune(policy, log, now, needed);
  if (prune.due !== undefined) return prune;
  const seal = await planSeal(policy, log, now);
  if (seal.due !== undefined) return { ...prune, ...seal };
  const next = [prune.next, seal.next].filter((one) => one !== undefined).toSorted(bySoonest)[0];
  return { ...prune, ...(next === undefined ? {} : { next }) };
}

async function planSeal({ sealAfterMs }: Policy, log: Log, now: bigint): Promise<RetentionPlan> {
  const first = log.sealedSeq + 1;
  const oldest = sealAfterMs === undefined ? undefined : await oldestFrom(log, first);
  if (sealAfterMs === undefined || oldest === undefined) return {};
  const at = dueAt(oldest.time, sealAfterMs);
  const next = { verb: 'log.seal', at: at.toString() } as const;
  if (now < at) return { next };
  const before = await firstAfter(log, now - BigInt(sealAfterMs) * MS);
  return log.sealable(before) > Math.max(first, oldest.seq) ? { next, due: { verb: 'log.seal', before } } : { next };
}

async function planPrune(
  { keepMs, maxEvents, maxBytes }: Policy,
  log: Log,
  now: bigint,
  needed: Needed | undefined,
): Promise<RetentionPlan> {
  if (keepMs === undefined && maxEvents === undefined && maxBytes === undefined) return {};
  const { firstSeq, durableSeq } = log;
  const oldest = await oldestFrom(log, firstSeq);
  if (oldest === undefined) return {};
  const at = keepMs === undefined ? undefined : dueAt(oldest.time, keepMs);
  const events = maxEvents === undefined ? undefined : withShare(maxEvents);
  const bytes = maxBytes === undefined ? undefined : withShare(maxBytes);
  const next = {
    verb: 'log.prune',
    ...(at === undefined ? {} : { at: at.toString() }),
    ...(events === undefined ? {} : { events }),
    ...(bytes === undefined ? {} : { bytes }),
  } as const;
  if ((at !== undefined && now < at) || (events !== undefined && durableSeq + 1 - firstSeq <= events)) return { next };
  if (bytes !== undefined && (await log.storedBytes(firstSeq)) <= bytes) return { next };
  const allowed = Math.min(
    keepMs === undefined ? durableSeq : await firstAfter(log, now - BigInt(keepMs) * MS),
    maxEvents === undefined ? durableSeq : durableSeq + 1 - maxEvents,
    maxBytes === undefined ? durableSeq : await lastOf(log, maxBytes),
  );
  const before = Math.min(allowed, needed?.seq ?? allowed);
  const least = Math.max(firstSeq, oldest.seq);
  if (reach(log, before) > least) return { next, due: { verb: 'log.prune', before } };
  return needed !== undefined && needed.seq < allowed && reach(log, allowed) > least ? { next, held: needed } : { next };
}

/** Where the log would begin after a prune, which seals first, and then removes whole archives. */
function reach(log: Log, before: number): number {
  const sealable = log.sealable(before);
  return sealable > log.sealedSeq + 1 ? sealable : log.prunable(before);
}

function withShare(most: number): number {
  return most + Math.ceil(most / SHARE);
}

/** The last position from which on events take so many bytes; all events do. */
async function lastOf(log: Log, bytes: number): Promise<number> {
  let [low, high] = [log.firstSeq, log.durableSeq];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await log.storedBytes(middle)) >= bytes) low = middle;
    else high = middle - 1;
  }
  return low;
}

function dueAt(time: bigint, ageMs: number): bigint {
  return time + BigInt(Math.ceil(ageMs + Math.min(DAY, ageMs / SHARE))) * MS;
}

/** Position of the first event after a time; the first that is kept, where that is one. */
async function firstAfter(log: Log, time: bigint): Promise<number> {
  try {
    return (await log.positionAt(time)) + 1;
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'LOG_PRUNED') return log.firstSeq;
    throw error;
  }
}

/**
 * The first event from `from` on that a policy is there for: any but those that its own commands leave, of which each sealing and pruning would ask for the
 * next, for ever. They go with what comes after them.
 */
async function oldestFrom(log: Log, from: number): Promise<{ readonly seq: number; readonly time: bigint } | undefined> {
  // A few at a time: most often it is the first.
  for (let first = from; first <= log.durableSeq; first += FEW) {
    for await (const { seq, t, actor } of log.read({ from: first, to: Math.min(first + FEW - 1, log.durableSeq) }))
      if (actor.scheme !== 'system' || actor.reason !== RETENTION) return { seq, time: BigInt(t) };
  }
  return undefined;
}

/** Those with a time first. */
function bySoonest(a: { readonly at?: string }, b: { readonly at?: string }): number {
  if (a.at === undefined || b.at === undefined) return a.at === b.at ? 0 : a.at === undefined ? 1 : -1;
  return BigInt(a.at) < BigInt(b.at) ? -1 : 1;
}
