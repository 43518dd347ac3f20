import type { SealedRange } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';

/** What was moved stays moved; recovery moves the rest. */
export const logSeal: Handler<'log.seal'> = {
  run: seal,
  async recover(op) {
    return { status: 'ok', data: await seal(op) };
  },
  answer: (_decided, outcome) => outcome,
};

async function seal(op: Operation<'log.seal'>): Promise<{ readonly archives: readonly SealedRange[] }> {
  const archives: SealedRange[] = [];
  for await (const range of op.engine.ledger.log.seal(decided(op).before)) archives.push(range);
  return { archives };
}
