import { cgroupFixture, type CgroupFixture } from '@shiplog/conformance/cgroup';
import type { CgroupDriver, Probe } from '@shiplog/contracts';
import { instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './index.ts';

const kernel = createKernel();
const [found] = plugin.drivers;
if (found === undefined) throw new Error('the plugin defines no driver');
const definition = found;

const services = () => createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });

/** Whether the driver can run here, and why not. */
export async function probe(): Promise<Probe> {
  return (await definition.probe?.(services())) ?? { usable: true };
}

/** A driver of an engine of its own; `change` may make it a wrong one. */
export async function fixture(change = (right: CgroupDriver): CgroupDriver => right): Promise<CgroupFixture> {
  const own = services();
  const made: { dispose(): Promise<void> }[] = [];
  return cgroupFixture({
    engineId: own.home.engineId,
    kernel,
    capabilities: definition.manifest.capabilities,
    async make() {
      const scoped = instantiate(definition, own);
      made.push(scoped);
      return change(scoped.driver as CgroupDriver);
    },
    async cleanup() {
      for (const scoped of made) await scoped.dispose();
    },
  });
}
