import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageSourceSuite } from '@shiplog/conformance/image-source';
import { pluginSuite } from '@shiplog/conformance/plugin';
import { type ImageSource, ShiplogError } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { busyboxLayout, checksCanFail, replacing, reported, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import { DirectorySource } from './driver.ts';
import plugin from './index.ts';

const test = suite('image-source-directory: conformance');
const images = await temporaryDirectory('shiplog-images-');
const manifest = await busyboxLayout(join(images.path, 'lib/busybox'), '1.36');
const image = { reference: 'docker.io/lib/busybox:1.36', digest: manifest.digest };

type Wrong = (right: ImageSource) => Partial<ImageSource>;

async function fixture(wrong: Wrong = () => ({})) {
  const scratch = await temporaryDirectory('shiplog-fetched-');
  const right: ImageSource = new DirectorySource({ path: images.path });
  return { driver: replacing(right, wrong(right)), image, directory: scratch.path, cleanup: () => scratch.cleanup() };
}

imageSourceSuite({ test: reported(test, 'image-source/directory', 'image-source'), factory: () => fixture() });

pluginSuite({
  test,
  plugin,
  services: () => createTestServices({ stateDir: '/nonexistent', runDir: '/nonexistent' }),
  module: new URL('./index.js', import.meta.url).href,
});

const resolvesTo =
  (digest: string): Wrong =>
  () => ({
    resolve: async () => ({ descriptor: { mediaType: manifest.mediaType, digest, size: manifest.size } }),
  });

/** By what the kit checks. */
const WRONG: { readonly [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'given an image that is there, when it is resolved, then it is what it is, however often it is asked': {
    does: 'says something else',
    make: resolvesTo(`sha256:${'3'.repeat(64)}`),
  },
  'given an image that is there, when it is resolved by its digest, then it is that': {
    does: 'knows tags alone',
    make: (right) => ({ resolve: async (args, ctx) => (args.reference.includes('@') ? {} : right.resolve(args, ctx)) }),
  },
  'given a tag, a name and a digest that are not there, when they are resolved, then there is none, and no failure': {
    does: 'knows everything',
    make: resolvesTo(manifest.digest),
  },
  'given an image, when all its blobs are fetched side by side, then each has the digest and the size that was announced': {
    does: 'writes what it likes',
    make: (right) => ({
      async fetch(args, ctx) {
        await right.fetch(args, ctx);
        if (args.mediaType.includes('layer')) await writeFile(args.path, 'something');
        return {};
      },
    }),
  },
  'given a blob that was fetched, when it is fetched again, also over something else, then the file is the blob': {
    does: 'takes what is there for the blob',
    make: (right) => {
      const done = new Set<string>();
      return {
        async fetch(args, ctx) {
          if (done.has(args.path)) return {};
          done.add(args.path);
          return right.fetch(args, ctx);
        },
      };
    },
  },
  'given a link where a blob is to go, when it is fetched, then what the link leads to is left alone': {
    does: 'writes through links',
    make: (right) => ({
      async fetch(args, ctx) {
        await right.fetch({ ...args, path: `${args.path}.new` }, ctx);
        await copyFile(`${args.path}.new`, args.path);
        await rm(`${args.path}.new`);
        return {};
      },
    }),
  },
  'given a blob that is not there, when it is fetched, then that fails BLOB_NOT_FOUND': {
    does: 'fails with another code',
    make: (right) => ({
      async fetch(args, ctx) {
        try {
          return await right.fetch(args, ctx);
        } catch {
          throw new ShiplogError('DRIVER_FAILED', 'not there');
        }
      },
    }),
  },
  'given a call that is canceled, when it is made again, then it succeeds': {
    does: 'does not heed a cancellation',
    make: (right) => ({ fetch: (args, ctx) => right.fetch(args, { ...ctx, signal: new AbortController().signal }) }),
  },
  'given a fetch, when it is done, then its progress adds up to the size': {
    does: 'tells no progress',
    make: (right) => ({ fetch: (args, ctx) => right.fetch(args, { ...ctx, progress: () => undefined }) }),
  },
  'given an image, when it is resolved and fetched, then nothing else is left': {
    does: 'leaves what it worked with',
    make: (right) => ({
      async fetch(args, ctx) {
        await writeFile(`${args.path}.partial`, '');
        return right.fetch(args, ctx);
      },
    }),
  },
};

checksCanFail<Wrong>({
  test,
  of: 'image-source',
  wrong: WRONG,
  kit: (check, wrong) => imageSourceSuite({ test: check, factory: () => fixture(wrong) }),
});

test.after(() => images.cleanup());
test.run();
