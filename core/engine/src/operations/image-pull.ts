import { type BlobDescriptor, type Digest, ShiplogError } from '@shiplog/contracts';
import { canonical, parseReference } from '@shiplog/oci';
import type { Operation } from '../operation.ts';
import { decided, type Handler, INTERRUPTED } from './handler.ts';
import { discard, takeIn } from './image-load.ts';

/** What a source says that a reference stands for. */
interface Resolved {
  readonly source: string;
  readonly descriptor: BlobDescriptor;
}

export const imagePull: Handler<'image.pull'> = {
  async run(op) {
    const { parts, ledger } = op.engine;
    const { ingest, reference: asked, source: only, storageDriver } = decided(op);
    const parsed = parseReference(asked);
    const { name, digest } = parsed;
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
    const store = parts.drivers.get('image-store', parts.chosen.imageStore);
    const tags = digest === undefined ? [asked] : [];
    const fetch = async (blob: BlobDescriptor, path: string): Promise<void> => {
      const { mediaType, digest: wanted, size } = blob;
      const args = { reference, mediaType, digest: wanted, size, path };
      await op.step('image-source', source, 'fetch', args, { label: `image-source.fetch ${wanted}` });
    };
    const held = [...ledger.head.images.values()].find(({ tags: names, repoDigests }) =>
      digest === undefined ? names.includes(asked) : repoDigests.includes(asked),
    );
    const taken = await takeIn(op, ingest, async () => [{ ...(await store.pull(ingest, descriptor, fetch, op.ctx)), tags }], storageDriver);
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

/** The first source that knows the reference. Throws IMAGE_NOT_FOUND where none does, NOT_IMPLEMENTED where there is none. */
async function resolve(op: Operation<'image.pull'>, reference: string, asked: string, only: string | undefined): Promise<Resolved> {
  const { drivers } = op.engine.parts;
  const all = drivers.list().filter(({ kind }) => kind === 'image-source');
  // Throws where it is not there, or cannot run.
  if (only !== undefined) drivers.get('image-source', only);
  const usable = all.filter(({ name, probe }) => probe.usable && (only === undefined || name === only));
  if (usable.length === 0) {
    const reasons = all.map(({ name, probe }) => `${name}: ${probe.usable ? '' : probe.reason}`);
    throw new ShiplogError(
      'NOT_IMPLEMENTED',
      `cannot pull ${asked}: registries are not spoken with yet, and no other image source can be used (${reasons.join('; ') || 'none is installed'}); bring it in with docker load or docker import`,
    );
  }
  for (const { name } of usable) {
    const { descriptor } = await op.step('image-source', name, 'resolve', { reference }, { label: `image-source.resolve ${name}` });
    // The answer was checked against the verb table: its digest is one.
    if (descriptor !== undefined) return { source: name, descriptor: descriptor as BlobDescriptor };
  }
  const names = usable.map(({ name }) => name).join(', ');
  throw new ShiplogError('IMAGE_NOT_FOUND', `manifest for ${asked} not found: manifest unknown (asked: ${names})`, { reference: asked });
}
