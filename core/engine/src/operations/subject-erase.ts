import { decided, type Handler } from './handler.ts';
import type { Operation } from '../commands/operation.ts';

/** Destroys the key. There is no way back, so recovery goes on with it. */
export const subjectErase: Handler<'subject.erase'> = {
  run: erase,
  async recover(op) {
    return { status: 'ok', data: await erase(op) };
  },
  answer: ({ subject }) => ({ subject }),
};

async function erase(op: Operation<'subject.erase'>): Promise<Record<string, never>> {
  const { subject } = decided(op);
  await op.act('vault.remove', () => op.engine.subjects.erase(subject));
  return {};
}
