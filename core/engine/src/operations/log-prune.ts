import { type Bounded, type NewEvent, type Outcomes, ShiplogError } from '@shiplog/contracts';
import { storedText, storeState } from '@shiplog/model';
import type { Operation } from '../commands/operation.ts';
import { asked, decided, type Handler } from './handler.ts';

/** There is no way back, so recovery goes on with it. */
export const logPrune: Handler<'log.prune'> = {
  run: prune,
  async recover(op) {
    return { status: 'ok', data: await prune(op) };
  },
  answer: (_decided, outcome) => outcome,
};

async function prune(op: Operation<'log.prune'>): Promise<Outcomes['log.prune']> {
  const { ledger } = op.engine;
  const { log } = ledger;
  const { before } = decided(op);
  const was = log.firstSeq;
  for await (const _range of log.seal(before));
  let first = await pruneOnce(op, before);
  while (first === undefined) first = await pruneOnce(op, before);
  await ledger.discardSnapshotsBefore(first - 1);
  return { first, pruned: first - was, root: Buffer.from(await log.tree.root(first)).toString('hex') };
}

/**
 * As far as whole archives go, and nobody has begun to read since that was decided. Answers the first that is kept; undefined where somebody began in the
 * meantime.
 */
async function pruneOnce(op: Operation<'log.prune'>, before: number): Promise<number | undefined> {
  const { ledger } = op.engine;
  const { log } = ledger;
  const { overtake = false } = asked(op);
  const first = log.prunable(Math.min(before, overtake ? before : (log.followedSeq ?? before)));
  if (first === log.firstSeq) return first;
  const state = Buffer.from(storedText(storeState(await ledger.moments.state(first - 1))));
  try {
    await log.prune(first, state, (hashes) => recordBoundary(op, hashes), { overtake });
    return first;
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'LOG_PRUNE_BLOCKED') return undefined;
    throw error;
  }
}

/** In the log before anything goes: from then on its root stands for what will stand for the events. */
async function recordBoundary(op: Operation<'log.prune'>, data: Bounded): Promise<void> {
  const event: NewEvent = { stream: op.intent.stream, type: 'log.bounded', kind: 'meta', cause: op.intent.seq, data };
  await op.engine.ledger.append({ stamp: op.stamp(), events: [event] }).durable;
}
