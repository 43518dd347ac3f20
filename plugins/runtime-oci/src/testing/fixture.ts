import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runtimeFixture } from '@shiplog/conmon/testing';
import type { RuntimeFixture } from '@shiplog/conformance/runtime';
import type { RuntimeDriver } from '@shiplog/contracts';
import { instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from '../index.ts';

const kernel = createKernel();

/** A driver whose state and run directories are in `home`. */
export function construct(home: string): RuntimeDriver {
  const [definition] = plugin.drivers;
  if (definition === undefined) throw new Error('the plugin defines no driver');
  const services = createTestServices({ kernel, stateDir: join(home, 'state'), runDir: join(home, 'run') });
  return instantiate(definition, services).driver as RuntimeDriver;
}

/** `runtime` is the name the engine would ask for: crun, runc, or oci for the first that works. */
export function fixture(runtime: string): Promise<RuntimeFixture> {
  return runtimeFixture({ runtime, construct, setsLimits: true, caller: fileURLToPath(new URL('call.script.js', import.meta.url)) });
}
