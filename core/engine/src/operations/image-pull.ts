import { type BlobDescriptor, type Digest, type KnownImage, ShiplogError } from '@shiplog/contracts';
import { canonical, mediaKind, parseReference, referenceParts } from '@shiplog/oci';
import type { Operation } from '../commands/operation.ts';
import { resolveImage } from '../drivers/resolve-image.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';
import type { LayerWords } from './image-ingest.ts';
import { discard, inTurn, takeIn } from './image-load.ts';
import { layersAhead } from './layers-ahead.ts';
import { secretsOf, withAuth } from './registry-auth.ts';

/** What Docker says of layers that are being pulled. Of those that are here it said so before. */
const PULL_WORDS: LayerWords = { of: (layer) => layer.digest, working: 'Extracting', done: 'Pull complete', isSilent: true };

export const imagePull: Handler<'image.pull'> = {
  async run(op) {
    const { parts, ledger } = op.engine;
    const { ingest, reference: asked, source: only, storageDriver, platform } = decided(op);
    op.secrets.push(...secretsOf(op.streams.auth));
    const parsed = parseReference(asked);
    const { name, tag, digest } = parsed;
    const reference = canonical(parsed);
    // Before a source is asked: a driver that is not there, or cannot run.
    parts.drivers.get('storage', storageDriver ?? parts.defaults.storageDriver);
    const { source, descriptor } = await resolveImage(parts.drivers, { asked, only, digest }, async (name) => {
      const options = { ...withAuth(op), label: `image-source.resolve ${name}` };
      // The answer is checked against the verb table: its digest is one.
      return (await op.step('image-source', name, 'resolve', { reference }, options)).descriptor as BlobDescriptor | undefined;
    });
    op.streams.progress?.({ id: digest ?? tag ?? 'latest', status: `Pulling from ${referenceParts(reference).path}` });
    const store = parts.drivers.get('image-store', parts.chosen.imageStore);
    const tags = digest === undefined ? [asked] : [];
    const fetch = async (blob: BlobDescriptor, path: string, signal: AbortSignal): Promise<void> => {
      const { mediaType, digest: wanted, size } = blob;
      const args = { reference, mediaType, digest: wanted, size, path };
      // People count layers.
      const quiet = mediaKind(mediaType) !== 'layer';
      await op.step('image-source', source, 'fetch', args, { ...withAuth(op), quiet, signal, label: `image-source.fetch ${wanted}` });
    };
    const held = [...ledger.head.images.values()].find(({ tags: names, repoDigests }) =>
      digest === undefined ? names.includes(asked) : repoDigests.includes(asked),
    );
    const options = {
      known: known(op),
      unpack: layersAhead(op, storageDriver, PULL_WORDS),
      ...(platform === undefined ? {} : { platform }),
    };
    const bring = async () => [{ ...(await store.pull(ingest, descriptor, fetch, inTurn(op), options)), tags }];
    const taken = await takeIn(op, ingest, bring, storageDriver, PULL_WORDS);
    const [image] = taken.images;
    return { ...taken, source, repoDigest: `${name}@${descriptor.digest}`, isNew: held?.id !== image?.manifest.id };
  },
  async recover(op) {
    const { ingest, storageDriver } = decided(op);
    await discard(op, ingest, storageDriver);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer(_, { images, source, repoDigest, isNew }) {
    const [image] = images;
    if (image === undefined) throw new ShiplogError('INTERNAL', 'a pull succeeded without an image');
    return { id: image.manifest.id, digest: repoDigest.slice(repoDigest.indexOf('@') + 1) as Digest, source, isNew };
  },
};

/** Images that are here, as the log has them. */
function known({ engine: { ledger } }: Operation<'image.pull'>): KnownImage {
  return (id) => {
    const image = ledger.head.images.get(id);
    if (image === undefined) return undefined;
    const {
      tags: _tags,
      repoDigests: _digests,
      arrivedAt: _at,
      lastTaggedAt: _tagged,
      parent: _parent,
      storageDriver: _driver,
      ...manifest
    } = image;
    return manifest;
  };
}
