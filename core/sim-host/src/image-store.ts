import { type Digest, type ImageStore, type ImageText, type IngestedImage, ShiplogError } from '@shiplog/contracts';
import type { Act } from './call.ts';
import type { SimHost } from './sim-host.ts';

/** What an archive holds, by the operation that brings it. Throws for an archive that cannot be read. */
export type Archives = (op: string) => readonly IngestedImage[];

export function imageStore(host: SimHost, act: Act, archives: Archives): ImageStore {
  const texts = new Map<Digest, ImageText>();
  const keep = ({ manifest }: IngestedImage): void => {
    const { config, history, author, comment } = manifest;
    texts.set(manifest.id, { config, history, ...(author === undefined ? {} : { author }), ...(comment === undefined ? {} : { comment }) });
    for (const digest of [manifest.id, ...manifest.layers.map((layer) => layer.digest)]) host.things.add(`blob/blob/${digest}`);
  };
  return {
    observe: async () => host.observe('blob'),
    load: (ingest, _archive, { op }) =>
      act(
        'load',
        ingest,
        () => {
          const images = archives(op);
          for (const image of images) keep(image);
          return images;
        },
        op,
      ),
    import: (ingest, _rootfs, _options, { op }) =>
      act(
        'import',
        ingest,
        () => {
          const [image] = archives(op);
          if (image === undefined) throw new Error('a simulated import has one image');
          keep(image);
          return image;
        },
        op,
      ),
    async pull(ingest, _descriptor, _fetch, { op, signal }, { unpack } = {}) {
      const [image] = archives(op);
      if (image === undefined) throw new Error('a simulated pull has one image');
      const { id, layers } = image.manifest;
      for (const [at, layer] of layers.entries()) {
        const parent = layers[at - 1]?.chainId;
        await unpack?.({ ...layer, image: id, path: `/${layer.digest}`, ...(parent === undefined ? {} : { parent }) }, signal);
      }
      return act('pull', ingest, () => (keep(image), image), op);
    },
    platforms: async () => [],
    commit: (ingest, _commit, { op }) =>
      act(
        'commit',
        ingest,
        () => {
          const [image] = archives(op);
          if (image === undefined) throw new Error('a simulated commit has one image');
          keep(image);
          return image;
        },
        op,
      ),
    pack: (ingest, { id, layers }, _isThere, { op }) =>
      act(
        'pack',
        ingest,
        () => {
          const blob = (digest: Digest, mediaType = '') => ({ mediaType, digest, size: 1, path: `/${digest}` });
          // What it is made of tells what it is.
          return {
            manifest: blob(id),
            config: blob(id),
            layers: layers.map(({ digest, diffId, mediaType }) => ({ ...blob(digest, mediaType), diffId })),
          };
        },
        op,
      ),
    text: async (id) => texts.get(id) ?? { config: {}, history: [] },
    save: () => {
      throw new ShiplogError('NOT_SUPPORTED', 'a simulated image store has no content to save');
    },
    path: async (digest) => `/${digest}`,
    sizes: async () => new Map(),
    remove: (digests) =>
      act('remove', digests.join(' '), () => {
        for (const digest of digests) host.things.delete(`blob/blob/${digest}`);
      }),
    discard: async () => undefined,
  };
}
