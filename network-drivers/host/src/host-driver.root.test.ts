import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { apart, networkSuite } from '@shiplog/conformance/network';
import type { NetworkDriver } from '@shiplog/contracts';
import { instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './index.ts';

const CAPABILITIES = { sandbox: false, addresses: false, ports: false };

if (await apart(import.meta.filename)) {
  const kernel = createKernel();
  const [definition] = plugin.drivers;
  if (definition === undefined) throw new Error('the plugin defines no driver');

  const test = suite('network-host: conformance');
  networkSuite({
    test,
    capabilities: CAPABILITIES,
    async factory() {
      const home = await mkdtemp(join(tmpdir(), 'shiplog-host-'));
      const construct = async (engine: string): Promise<NetworkDriver> => {
        const [stateDir, runDir] = [join(home, engine, 'state'), join(home, engine, 'run')];
        for (const directory of [stateDir, runDir]) await mkdir(directory, { recursive: true });
        const services = createTestServices({ kernel, engineId: engine, stateDir, runDir });
        return instantiate(definition, services).driver as NetworkDriver;
      };
      const [engine, other] = [randomBytes(6).toString('hex'), randomBytes(6).toString('hex')];
      return {
        driver: await construct(engine),
        kernel,
        scratch: home,
        restart: () => construct(engine),
        stranger: () => construct(other),
        cleanup: () => rm(home, { recursive: true, force: true }),
      };
    },
  });
  test.run();
}
