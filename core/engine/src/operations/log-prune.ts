import type { Bounded, NewEvent, Outcomes } from '@shiplog/contracts';
import { storedText, storeState } from '@shiplog/model';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';

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
  const first = log.prunable(before);
  if (first > was) {
    const state = await ledger.moments.state(first - 1);
    await log.prune(first, Buffer.from(storedText(storeState(state))), (hashes) => recordBoundary(op, hashes));
  }
  await ledger.discardSnapshotsBefore(first - 1);
  return { first, pruned: first - was, root: Buffer.from(await log.tree.root(first)).toString('hex') };
}

/** In the log before anything goes: from then on its root stands for what will stand for the events. */
async function recordBoundary(op: Operation<'log.prune'>, data: Bounded): Promise<void> {
  const event: NewEvent = { stream: op.intent.stream, type: 'log.bounded', kind: 'meta', cause: op.intent.seq, data };
  await op.engine.ledger.append({ stamp: op.stamp(), events: [event] }).durable;
}
