import { type BlobDescriptor, type Digest, type KnownImage, ShiplogError } from '@shiplog/contracts';
import { canonical, mediaKind, parseReference, referenceParts } from '@shiplog/oci';
import type { Operation } from '../commands/operation.ts';
import { imageSources } from '../drivers/image-sources.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';
import type { LayerWords } from './image-ingest.ts';
import { discard, inTurn, takeIn } from './image-load.ts';
import { secretsOf, withAuth } from './registry-auth.ts';

/** What a source says that a reference stands for. */
interface Resolved {
  readonly source: string;
  readonly descriptor: BlobDescriptor;
}

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
    const { source, descriptor } = await resolve(op, reference, asked, only);
    if (digest !== undefined && digest !== descriptor.digest)
      throw new ShiplogError('DIGEST_MISMATCH', `image source ${source} has ${descriptor.digest} for ${asked}`, {
        expected: digest,
        found: descriptor.digest,
        source,
      });
    op.streams.progress?.({ id: digest ?? tag ?? 'latest', status: `Pulling from ${referenceParts(reference).path}` });
    const store = parts.drivers.get('image-store', parts.chosen.imageStore);
    const tags = digest === undefined ? [asked] : [];
    const fetch = async (blob: BlobDescriptor, path: string): Promise<void> => {
      const { mediaType, digest: wanted, size } = blob;
      const args = { reference, mediaType, digest: wanted, size, path };
      // People count layers.
      const quiet = mediaKind(mediaType) !== 'layer';
      await op.step('image-source', source, 'fetch', args, { ...withAuth(op), quiet, label: `image-source.fetch ${wanted}` });
    };
    const held = [...ledger.head.images.values()].find(({ tags: names, repoDigests }) =>
      digest === undefined ? names.includes(asked) : repoDigests.includes(asked),
    );
    const bring = async () => [{ ...(await store.pull(ingest, descriptor, fetch, inTurn(op), platform, known(op))), tags }];
    const taken = await takeIn(op, ingest, bring, storageDriver, PULL_WORDS);
    const [image] = taken.images;
    return { ...taken, source, repoDigest: `${name}@${descriptor.digest}`, isNew: held?.id !== image?.manifest.id };
  },
  async recover(op) {
    await discard(op, decided(op).ingest);
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

/** The first source that knows the reference. Throws IMAGE_NOT_FOUND where none does, NOT_IMPLEMENTED where there is none. */
async function resolve(op: Operation<'image.pull'>, reference: string, asked: string, only: string | undefined): Promise<Resolved> {
  const { drivers } = op.engine.parts;
  // What is at hand, before anybody else hears of it.
  const usable = imageSources(drivers, undefined, only).toSorted(
    (a, b) => Number(b.capabilities['offline'] === true) - Number(a.capabilities['offline'] === true),
  );
  if (usable.length === 0) {
    const all = drivers.list().filter(({ kind }) => kind === 'image-source');
    const reasons = all.map(({ name, probe }) => `${name}: ${probe.usable ? '' : probe.reason}`);
    throw new ShiplogError(
      'NOT_IMPLEMENTED',
      `cannot pull ${asked}: no image source can be used (${reasons.join('; ') || 'none is installed'}); bring it in with docker load or docker import`,
    );
  }
  for (const { name } of usable) {
    const options = { ...withAuth(op), label: `image-source.resolve ${name}` };
    const { descriptor } = await op.step('image-source', name, 'resolve', { reference }, options);
    // The answer was checked against the verb table: its digest is one.
    if (descriptor !== undefined) return { source: name, descriptor: descriptor as BlobDescriptor };
  }
  const names = usable.map(({ name }) => name).join(', ');
  throw new ShiplogError('IMAGE_NOT_FOUND', `manifest for ${asked} not found: manifest unknown (asked: ${names})`, { reference: asked });
}
