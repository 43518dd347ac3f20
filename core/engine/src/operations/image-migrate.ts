import { ShiplogError } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler } from './handler.ts';
import { unpack } from './image-ingest.ts';
import { removeLayer } from './remove-layer.ts';

/**
 * Makes the image's layers anew where it goes, from the blobs they came from, and only then takes them away where they were. All of it can be
 * repeated. What cannot be taken away is left to the next recovery, which finds that nobody needs it.
 */
async function migrate(op: Operation<'image.migrate'>) {
  const { id, from, to, snapshots } = decided(op);
  const { drivers, logger } = op.engine.parts;
  drivers.get('storage', to);
  await unpack(op, op.engine.ledger.head.image(id), to);
  for (const key of snapshots) {
    try {
      await removeLayer(op, { storageDriver: from, key });
    } catch (error) {
      logger.warn('a layer stays where its image is no more', { image: id, layer: key, driver: from, error: String(error) });
      break;
    }
  }
  return {};
}

export const imageMigrate: Handler<'image.migrate'> = {
  run: migrate,
  async recover(op) {
    try {
      return { status: 'ok', data: await migrate(op) };
    } catch (error) {
      await op.undo();
      return { status: 'failed', error: ShiplogError.wrap(error).toRecord() };
    }
  },
  answer: ({ id, from, to }) => ({ id, from, to }),
};
