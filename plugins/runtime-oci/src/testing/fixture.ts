import { runtimeFixture, type RuntimeFixture } from '@shiplog/conformance/runtime';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from '../index.ts';

const kernel = createKernel();
const module = new URL('../index.js', import.meta.url).href;

/** `name` is that of a driver of this plugin: crun, runc, or oci for the first that works. */
export function fixture(name: string): Promise<RuntimeFixture> {
  return runtimeFixture({ plugin, module, name, kernel });
}
