import { type Digest, ShiplogError } from '@shiplog/contracts';
import { asked, decided, type Handler, INTERRUPTED } from './handler.ts';
import { discard, inTurn, take } from './image-load.ts';

/** What an imported image is made of. */
const NOTHING = { config: {}, history: [] } as const;

export const imageImport: Handler<'image.import'> = {
  async run(op) {
    const { ingest, reference } = decided(op);
    const { parts } = op.engine;
    const { message, changes } = await op.revealed(asked(op));
    const store = parts.drivers.get('image-store', parts.chosen.imageStore);
    const options = { message, changes, at: op.intent.t, architecture: parts.host.architecture };
    const taken = await take(op, ingest, async (body) => {
      const image = await store.import(ingest, body, options, inTurn(op));
      return [{ ...image, tags: reference === '' ? [] : [reference] }];
    });
    await op.engine.secrets.forget(asked(op));
    const images = taken.images.map(async (one) => ({
      ...one,
      manifest: await op.engine.images.concealed(one.manifest, NOTHING, op.secrets),
    }));
    return { ...taken, images: await Promise.all(images) };
  },
  async recover(op) {
    await discard(op, decided(op).ingest);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer(_, { images }): { id: Digest } {
    const [image] = images;
    if (image === undefined) throw new ShiplogError('INTERNAL', 'an import succeeded without an image');
    return { id: image.manifest.id };
  },
};
