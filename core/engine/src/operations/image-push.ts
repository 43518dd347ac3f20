import { type BlobFile, type Digest, type DriverInfo, type ImageRecord, ShiplogError } from '@shiplog/contracts';
import { canonical, parseReference, referenceParts } from '@shiplog/oci';
import type { Operation } from '../commands/operation.ts';
import { decided, type Handler, UNKNOWN } from './handler.ts';
import { secretsOf, withAuth } from './registry-auth.ts';

type Push = Operation<'image.push'>;

/** Layers that travel side by side. */
const AT_ONCE = 3;
/** Names of images that a layer may be had from: asking is a round trip each. */
const ELSEWHERE_LIMIT = 1;

export const imagePush: Handler<'image.push'> = {
  async run(op) {
    const { parts, ledger } = op.engine;
    const { id, ingest, reference: asked, source: only } = decided(op);
    op.secrets.push(...secretsOf(op.streams.auth));
    const source = pusher(op, only);
    const image = ledger.head.image(id);
    const reference = canonical(parseReference(asked));
    const { domain, path } = referenceParts(reference);
    op.streams.progress?.({ status: `The push refers to repository [${domain}/${path}]` });
    const store = parts.drivers.get('image-store', parts.chosen.imageStore);
    const packed = await op.act(
      'image-store.pack',
      () => store.pack(ingest, image, op.ctx),
      () => store.discard(ingest),
    );
    const { manifest, config, layers } = packed;
    const waiting = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
    for (const { digest } of waiting) op.streams.progress?.({ id: shortened(digest), status: 'Preparing' });
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await upload(op, source, reference, next);
    };
    const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const step = (verb: string, { digest }: BlobFile) => ({ ...withAuth(op), quiet: true, label: `image-source.${verb} ${digest}` });
    await op.step('image-source', source, 'upload', { reference, ...config }, step('upload', config));
    await op.step('image-source', source, 'publish', { reference, ...manifest }, step('publish', manifest));
    await store.discard(ingest);
    return { source, repoDigest: `${parseReference(asked).name}@${manifest.digest}`, size: manifest.size };
  },
  async recover(op) {
    const { parts } = op.engine;
    await parts.drivers.get('image-store', parts.chosen.imageStore).discard(decided(op).ingest);
    // Only the registry knows whether its name stands for the image now.
    return { status: 'unknown', error: UNKNOWN };
  },
  answer: ({ id }, { source, repoDigest, size }) => ({
    id,
    digest: repoDigest.slice(repoDigest.indexOf('@') + 1) as Digest,
    size,
    source,
  }),
};

async function upload(op: Push, source: string, reference: string, layer: BlobFile): Promise<void> {
  const { digest } = layer;
  const elsewhere = namesWith(op, reference, digest);
  const args = { reference, ...layer, ...(elsewhere.length === 0 ? {} : { elsewhere }) };
  const options = { ...withAuth(op), label: `image-source.upload ${digest}` };
  const { state, from } = await op.step('image-source', source, 'upload', args, options);
  const status = {
    pushed: 'Pushed',
    there: 'Layer already exists',
    mounted: `Mounted from ${from === undefined ? 'elsewhere' : referenceParts(from).path}`,
  }[state];
  op.streams.progress?.({ id: shortened(digest), status });
}

/** Names, in the same registry, of images that have the layer: it came from there, or went there. */
function namesWith(op: Push, reference: string, digest: Digest): string[] {
  const own = referenceParts(reference);
  const hasLayer = ({ layers }: ImageRecord): boolean => layers.some((layer) => layer.digest === digest);
  const names = [...op.engine.ledger.head.images.values()].filter(hasLayer).flatMap(({ repoDigests }) => repoDigests);
  return [...new Set(names.map((name) => canonical(parseReference(name))))]
    .filter((name) => {
      const { domain, path } = referenceParts(name);
      return domain === own.domain && path !== own.path;
    })
    .slice(0, ELSEWHERE_LIMIT);
}

/** Who pushes. Throws DRIVER_NOT_FOUND, NOT_SUPPORTED. */
function pusher(op: Push, only: string | undefined): string {
  const { drivers } = op.engine.parts;
  if (only !== undefined) drivers.get('image-source', only);
  const pushes = ({ kind, name, probe, capabilities }: DriverInfo): boolean =>
    kind === 'image-source' && probe.usable && capabilities['push'] === true && (only === undefined || name === only);
  const found = drivers.list().find(pushes);
  if (found === undefined)
    throw new ShiplogError('NOT_SUPPORTED', `cannot push: ${only ?? 'no image source that can be used here'} does not push`);
  return found.name;
}

function shortened(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}
