import { volumeArgs, volumeDriver } from '../container-volumes.ts';
import type { Operation } from '../operation.ts';
import { decided, type Handler } from './handler.ts';

async function remove(op: Operation<'volume.remove'>) {
  const { name } = decided(op);
  const volume = op.engine.ledger.head.volumes.get(name);
  if (volume === undefined) return {};
  await op.step('volume', volumeDriver(op.engine, volume.driver), 'remove', volumeArgs(volume));
  await op.engine.secrets.forget(volume);
  return {};
}

export const volumeRemove: Handler<'volume.remove'> = {
  run: remove,
  recover: async (op) => ({ status: 'ok', data: await remove(op) }),
  answer: ({ name }) => ({ name }),
};
