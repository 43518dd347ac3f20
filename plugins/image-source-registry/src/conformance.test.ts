import { imageSourceSuite } from '@shiplog/conformance/image-source';
import { pluginSuite } from '@shiplog/conformance/plugin';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { busyboxLayout, reported, temporaryDirectory, TestRegistry } from '@shiplog/test-support';
import { suite } from 'uvu';
import { RegistrySource } from './driver.ts';
import plugin from './index.ts';

const test = suite('image-source-registry: conformance');
const images = await temporaryDirectory('shiplog-images-');
const registry = await TestRegistry.start();
const { digest } = await busyboxLayout(images.path, '1.36');
await registry.push(`oci:${images.path}:1.36`, 'lib/busybox:1.36');
const image = { reference: `${registry.host}/lib/busybox:1.36`, digest };

imageSourceSuite({
  test: reported(test, 'image-source/registry', 'image-source'),
  factory: async () => {
    const scratch = await temporaryDirectory('shiplog-fetched-');
    return { driver: new RegistrySource({}), image, directory: scratch.path, cleanup: () => scratch.cleanup() };
  },
});

pluginSuite({
  test,
  plugin,
  services: () => createTestServices({ stateDir: '/nonexistent', runDir: '/nonexistent' }),
  module: new URL('./index.js', import.meta.url).href,
});

test.after(async () => {
  await registry.stop();
  await images.cleanup();
});
test.run();
