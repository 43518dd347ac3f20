import { type ErrorCode, ShiplogError, type VolumeRecord } from '@shiplog/contracts';
import { volumeArgs, volumeDriver } from '../containers/container-volumes.ts';
import type { Operation } from '../commands/operation.ts';
import { asked, decided, type Handler } from './handler.ts';

/** What says that nobody is there who could remove it; a driver that refuses says something else. */
const ABSENT: ReadonlySet<ErrorCode> = new Set(['DRIVER_NOT_FOUND', 'DRIVER_UNAVAILABLE']);

/** Removes a volume that nobody mounts, and its secrets. May be repeated. */
export async function removeVolume(op: Operation, volume: VolumeRecord, label?: string): Promise<void> {
  const args = volumeArgs(await op.known(volume));
  await op.step('volume', volumeDriver(op.engine, volume.driver), 'remove', args, label === undefined ? {} : { label });
  await op.engine.secrets.forget(volume);
}

/** With force, a volume whose driver is gone is known no more; what it holds stays, wherever that is, and the log says so. */
async function remove(op: Operation<'volume.remove'>) {
  const { name } = decided(op);
  const volume = op.engine.ledger.head.volumes.get(name);
  if (volume === undefined) return {};
  try {
    await removeVolume(op, volume);
  } catch (error) {
    const { code } = ShiplogError.wrap(error);
    if (!asked(op).force || !ABSENT.has(code)) throw error;
    op.journal('volume.leave', { driver: volume.driver, reason: code });
    await op.engine.secrets.forget(volume);
  }
  return {};
}

export const volumeRemove: Handler<'volume.remove'> = {
  run: remove,
  recover: async (op) => ({ status: 'ok', data: await remove(op) }),
  answer: ({ name }) => ({ name }),
};
