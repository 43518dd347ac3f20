import type { Outcomes } from '@shiplog/contracts';
import type { Operation } from '../operation.ts';
import { encodeState } from '../snapshots/encode.ts';
import { hashStateSlowly } from '../snapshots/state-hash.ts';
import { StateSnapshots, WHOLE } from '../snapshots/state-snapshots.ts';
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
  const { log } = op.engine.ledger;
  const { before } = decided(op);
  const was = log.firstSeq;
  for await (const _range of log.seal(before));
  const first = log.prunable(before);
  if (first > was) await log.prune(first, new Map([[WHOLE, await stateBefore(op, first)]]));
  await new StateSnapshots(log.snapshots).discardBefore(first - 1);
  return { first, pruned: first - was, root: Buffer.from(await log.tree.root(first)).toString('hex') };
}

/** A snapshot of the engine after the last event that goes: folding begins there from now on. */
async function stateBefore({ engine }: Operation<'log.prune'>, first: number): Promise<Uint8Array> {
  const { log, moments } = engine.ledger;
  const state = await moments.state(first - 1);
  const revisions = new Map<string, number>();
  for (const id of state.containers.keys()) {
    for await (const { rev } of log.readStream(`container/${id}`, undefined, first - 1)) revisions.set(id, rev);
  }
  const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const { bytes } = await encodeState({ state, hash: await hashStateSlowly(state, pause), revisions }, pause);
  return bytes;
}
