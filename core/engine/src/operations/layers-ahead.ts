import type { PullOptions } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';
import { applyLayer, holderOf, type LayerWords } from './image-ingest.ts';

/**
 * Unpacks layers of a pull while others are on their way. For each it has the turn with layers anew, so that nobody waits for what is slow; in between,
 * leases keep what it made. Where it is to be may be another place when all is here: then it is made there, too.
 */
export function layersAhead(op: Operation, wanted: string | undefined, words: LayerWords): NonNullable<PullOptions['unpack']> {
  return ({ image, parent, path, ...layer }, signal) =>
    op.layers.during(async () => {
      const storageDriver = holderOf(op, image, wanted);
      op.engine.leases.take(op.ctx.op, { storageDriver, key: layer.chainId });
      const { digest, tarBytes } = await applyLayer(op, layer, { storageDriver, parent, source: path, words, signal });
      // Whoever made it of this blob has seen what is in it.
      return digest === layer.digest ? tarBytes : undefined;
    });
}
