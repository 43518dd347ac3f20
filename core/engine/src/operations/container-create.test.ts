import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MountSpec } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { CALLER, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('engine: containers are created');

test('given a source of a bind mount that is not there, when a container is created, then it is refused and nothing is left, unless the source is to be made', async () => {
  const world = new SimWorld();
  const engine = await simEngine(world, new SimDisk());
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  world.missing.add('/srv/none');
  const create = async (name: string, more: Partial<Extract<MountSpec, { type: 'bind' }>>) => {
    const mounts: readonly MountSpec[] = [{ type: 'bind', source: '/srv/none', target: '/data', readOnly: false, ...more }];
    return engine.execute('container.create', { name, spec: simSpec({ mounts }) }, CALLER);
  };
  const before = [...world.things];
  assert.is(await codeOf(create('missing', {})), 'SPEC_INVALID');
  assert.equal([[...world.things], (await engine.view()).containers.size], [before, 0]);
  await create('made', { createSource: true });
  await create('there', { source: '/srv/some' });
  // It comes too late for the others.
  world.missing.add('/srv/some');
  await engine.execute('container.start', { container: 'there' }, CALLER);
  await engine.stop('test');
});

test.run();
