import { ShiplogError } from '@shiplog/contracts';
import type { FakeHandlers } from './fake-handlers.ts';
import type { FakeHost } from './fake-host.ts';

/** What the fake engine does with images. */
export function imageCommands(host: FakeHost): FakeHandlers {
  return {
    'image.load': (_args, streams) => ({
      stream: 'engine',
      decided: { ingest: 'ingest' },
      run: async () => {
        const text = await textOf(streams.body);
        if (!text.startsWith('image ')) throw new ShiplogError('ARCHIVE_INVALID', 'unexpected end of archive');
        streams.progress?.({ id: 'layer', status: 'Loading layer', current: 1, total: 2 });
        const image = host.addImage(text.slice(6), ['sh']);
        return {
          outcome: { images: [{ manifest: image, tags: image.tags }], storageDriver: 'vfs' },
          answer: { images: [{ id: image.id, tags: image.tags }] },
        };
      },
    }),
    'image.import': ({ reference = '' }, streams) => ({
      stream: 'engine',
      decided: { ingest: 'ingest', reference },
      run: async () => {
        await textOf(streams.body);
        const image = host.addImage(reference, []);
        return { outcome: { images: [{ manifest: image, tags: image.tags }], storageDriver: 'vfs' }, answer: { id: image.id } };
      },
    }),
    'image.commit': ({ container, reference = '' }) => {
      const { id } = host.state.container(container);
      return {
        stream: `container/${id}`,
        decided: { id, ingest: 'ingest', reference, freeze: false },
        run: async () => {
          const image = host.addImage(reference, []);
          return { outcome: { images: [{ manifest: image, tags: image.tags }], storageDriver: 'vfs' }, answer: { id: image.id } };
        },
      };
    },
    'image.pull': ({ reference: asked, source = 'directory' }, streams) => ({
      stream: 'engine',
      decided: { ingest: 'ingest', reference: asked, source },
      run: async () => {
        const reference = asked.replace(/^docker\.io\/(library\/)?/, '');
        if (reference.startsWith('nobody')) throw new ShiplogError('IMAGE_NOT_FOUND', `manifest for ${reference} not found`);
        streams.progress?.({ id: 'layer', status: 'Downloading', current: 1, total: 2 });
        const image = host.addImage(reference, ['sh']);
        const repoDigest = `${reference.split(':')[0]}@${image.id}`;
        return {
          outcome: { images: [{ manifest: image, tags: image.tags }], storageDriver: 'vfs', source, repoDigest, isNew: true },
          answer: { id: image.id, digest: image.id, source, isNew: true },
        };
      },
    }),
    'image.push': ({ reference: asked }, streams) => {
      const { id } = host.state.image(asked);
      const reference = asked.replace(/^docker\.io\/(library\/)?/, '');
      return {
        stream: `image/${id}`,
        decided: { id, ingest: 'ingest', reference },
        run: async () => {
          if (reference.startsWith('closed')) throw new ShiplogError('REGISTRY_DENIED', `push to ${reference}: access denied`);
          streams.progress?.({ status: `The push refers to repository [${reference}]` });
          const repoDigest = `${reference.split(':')[0]}@${id}`;
          return { outcome: { source: 'registry', repoDigest, size: 7 }, answer: { id, digest: id, size: 7, source: 'registry' } };
        },
      };
    },
    'image.tag': ({ image, reference: asked }) => {
      const reference = asked.replace(/^docker\.io\/(library\/)?/, '');
      const found = host.state.image(image);
      return {
        stream: `image/${found.id}`,
        decided: { id: found.id, reference },
        run: async () => {
          host.state.images.set(found.id, { ...found, tags: [...found.tags, reference] });
          return { outcome: {}, answer: { id: found.id } };
        },
      };
    },
    'image.remove': ({ image }) => {
      const { id, tags } = host.state.image(image);
      return {
        stream: `image/${id}`,
        decided: { removals: [{ id, untag: tags, remove: true, snapshots: [], blobs: [] }] },
        run: async () => {
          host.state.images.delete(id);
          return { outcome: {}, answer: { untagged: tags, deleted: [id] } };
        },
      };
    },
  };
}

async function textOf(body: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  if (body !== undefined) for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
