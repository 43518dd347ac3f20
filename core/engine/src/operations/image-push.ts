import { type BlobFile, type Digest, type ImageRecord, type PackedLayer, ShiplogError } from '@shiplog/contracts';
import { canonical, parseReference, referenceParts } from '@shiplog/oci';
import type { Operation } from '../commands/operation.ts';
import { imageSources } from '../drivers/image-sources.ts';
import { decided, type Handler, UNKNOWN } from './handler.ts';
import { secretsOf, withAuth } from './registry-auth.ts';

type Push = Operation<'image.push'>;
type Has = (image: ImageRecord) => boolean;

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
    const prepare = ({ digest }: PackedLayer): void => op.streams.progress?.({ id: shortened(digest), status: 'Preparing' });
    const isThere = async (layer: PackedLayer): Promise<boolean> => {
      const { state, from } = await mount(op, source, reference, layer);
      if (state === 'absent') return false;
      prepare(layer);
      tell(op, layer, state, from);
      return true;
    };
    const { manifest, config, layers } = await op.act(
      'image-store.pack',
      () => store.pack(ingest, image, isThere, op.ctx),
      () => store.discard(ingest),
    );
    const waiting = [...new Map(layers.filter(({ path }) => path !== undefined).map((layer) => [layer.digest, layer])).values()];
    for (const layer of waiting) prepare(layer);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await upload(op, source, reference, next);
    };
    const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const step = (verb: string, { digest }: BlobFile) => ({ ...withAuth(op), quiet: true, label: `image-source.${verb} ${digest}` });
    const elsewhere = elsewhereOf(op, reference, (other) => other.id === id);
    await op.step('image-source', source, 'upload', { reference, ...config, ...elsewhere }, step('upload', config));
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

/** Asks for a layer that it would take work to send. */
function mount(op: Push, source: string, reference: string, layer: PackedLayer) {
  const { path: _path, diffId: _diffId, ...blob } = layer;
  const args = { reference, ...blob, ...elsewhereOf(op, reference, ...havingLayer(layer)) };
  return op.step('image-source', source, 'mount', args, { ...withAuth(op), label: `image-source.mount ${blob.digest}` });
}

async function upload(op: Push, source: string, reference: string, layer: PackedLayer): Promise<void> {
  const { path, diffId: _, ...blob } = layer;
  if (path === undefined) return;
  const args = { reference, ...blob, path, ...elsewhereOf(op, reference, ...havingLayer(layer)) };
  const options = { ...withAuth(op), label: `image-source.upload ${blob.digest}` };
  const { state, from } = await op.step('image-source', source, 'upload', args, options);
  tell(op, layer, state, from);
}

/** In Docker's words. */
function tell(op: Push, { digest }: PackedLayer, state: 'pushed' | 'there' | 'mounted', from: string | undefined): void {
  const status = {
    pushed: 'Pushed',
    there: 'Layer already exists',
    mounted: `Mounted from ${from === undefined ? 'elsewhere' : referenceParts(from).path}`,
  }[state];
  op.streams.progress?.({ id: shortened(digest), status });
}

/** Images that have a layer. First those whose blob is the very same; of others, what it was compressed to may be. */
function havingLayer({ digest, diffId }: PackedLayer): Has[] {
  return [({ layers }) => layers.some((layer) => layer.digest === digest), ({ layers }) => layers.some((layer) => layer.diffId === diffId)];
}

/** Names, in the same registry, of images that have a blob: it came from there, or went there. */
function elsewhereOf(op: Push, reference: string, ...has: readonly Has[]): { readonly elsewhere?: string[] } {
  const own = referenceParts(reference);
  const images = [...op.engine.ledger.head.images.values()];
  const names = has.flatMap((having) => images.filter(having).flatMap(({ repoDigests }) => repoDigests));
  const elsewhere = [...new Set(names.map((name) => canonical(parseReference(name))))]
    .filter((name) => {
      const { domain, path } = referenceParts(name);
      return domain === own.domain && path !== own.path;
    })
    .slice(0, ELSEWHERE_LIMIT);
  return elsewhere.length === 0 ? {} : { elsewhere };
}

/** Who pushes. Throws DRIVER_NOT_FOUND, NOT_SUPPORTED. */
function pusher(op: Push, only: string | undefined): string {
  const [found] = imageSources(op.engine.parts.drivers, 'push', only);
  if (found === undefined)
    throw new ShiplogError('NOT_SUPPORTED', `cannot push: ${only ?? 'no image source that can be used here'} does not push`);
  return found.name;
}

function shortened(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}
