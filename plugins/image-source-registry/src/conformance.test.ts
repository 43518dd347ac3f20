import { imagePushSuite, imageSourceSuite } from '@shiplog/conformance/image-source';
import { pluginSuite } from '@shiplog/conformance/plugin';
import type { ImageSource } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { busyboxLayout, checksCanFail, replacing, reported, temporaryDirectory, TestRegistry } from '@shiplog/test-support';
import { suite } from 'uvu';
import { RegistrySource } from './driver.ts';
import plugin from './index.ts';

const test = suite('image-source-registry: conformance');
const images = await temporaryDirectory('shiplog-images-');
const registry = await TestRegistry.start();
const { digest } = await busyboxLayout(images.path, '1.36');
await registry.push(`oci:${images.path}:1.36`, 'lib/busybox:1.36');
const image = { reference: `${registry.host}/lib/busybox:1.36`, digest };
const impatient = { attempts: 1, firstMs: 1, longestMs: 1, silenceMs: 15_000 };

type Wrong = (right: Required<ImageSource>) => Partial<ImageSource>;

async function fixture(wrong: Wrong = () => ({})) {
  const scratch = await temporaryDirectory('shiplog-fetched-');
  const right: Required<ImageSource> = new RegistrySource({}, impatient);
  const name = `${registry.host}/kit`;
  return { driver: replacing<ImageSource>(right, wrong(right)), image, name, directory: scratch.path, cleanup: () => scratch.cleanup() };
}

const kit = reported(test, 'image-source/registry', 'image-source');
imageSourceSuite({ test: kit, factory: () => fixture() });
imagePushSuite({ test: kit, factory: () => fixture() });

pluginSuite({
  test,
  plugin,
  services: () => createTestServices({ stateDir: '/nonexistent', runDir: '/nonexistent' }),
  module: new URL('./index.js', import.meta.url).href,
});

/** By what the kit of pushing checks. */
const WRONG: { readonly [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'given an image, when it is uploaded and published, then it is resolved by its tag, and each blob is what it was': {
    does: 'publishes nothing',
    make: () => ({ publish: async () => ({}) }),
  },
  'given an image that is there, when it is pushed again, then that succeeds, and no blob travels': {
    does: 'says of each blob that it was sent',
    make: (right) => ({ upload: async (args, ctx) => ({ ...(await right.upload(args, ctx)), state: 'pushed' }) }),
  },
  'given a blob that is there, and one that is not, when it is asked for, then that is told, nothing is sent, and it can be uploaded': {
    does: 'says of each blob that it is there',
    make: () => ({ mount: async () => ({ state: 'there' }) }),
  },
  'given a tag, when another image is published under it, then it stands for that one': {
    does: 'publishes once',
    make: (right) => {
      const done = new Set<string>();
      return {
        async publish(args, ctx) {
          if (done.has(args.reference)) return {};
          done.add(args.reference);
          return right.publish(args, ctx);
        },
      };
    },
  },
  'given an upload, when it is done, then its progress adds up to the size': {
    does: 'tells no progress',
    make: (right) => ({ upload: (args, ctx) => right.upload(args, { ...ctx, progress: () => undefined }) }),
  },
  'given a blob that is not what it is announced as, when it is uploaded, then that fails, and it is not there': {
    does: 'takes no notice of failures',
    make: (right) => ({
      upload: (args, ctx) => right.upload(args, ctx).catch(() => ({ state: 'pushed' as const })),
    }),
  },
  'given an upload that is canceled, when it is made again, then it succeeds': {
    does: 'does not heed a cancellation',
    make: (right) => ({ upload: (args, ctx) => right.upload(args, { ...ctx, signal: new AbortController().signal }) }),
  },
};

checksCanFail<Wrong>({
  test,
  of: 'image-source',
  wrong: WRONG,
  kit: (check, wrong) => imagePushSuite({ test: check, factory: () => fixture(wrong) }),
});

test.after(async () => {
  await registry.stop();
  await images.cleanup();
});
test.run();
