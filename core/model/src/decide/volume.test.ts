import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, did, given, specOf } from '../testing/scenario.test.util.ts';

const test = suite('volume.create, remove');
const args = { driver: 'local', options: {}, labels: { a: 'b' } };

test('when created without a name, then it is anonymous', () => {
  given()
    .when('volume.create', args)
    .thenDecided(({ name, anonymous, mountpoint }, { stream }) => {
      assert.equal([name.length, anonymous], [64, true]);
      assert.is(mountpoint, `/root/volumes/${name}/_data`);
      assert.is(stream, `volume/${name}`);
    })
    .thenState((state) => assert.is(state.volumes.size, 1));
});

test('given a volume, when created again, then it stays as it is, and another driver is refused', () => {
  const scenario = given(did('volume.create', { ...args, name: 'data' }));
  const before = scenario.world.state.volume('data');
  scenario
    .when('volume.create', { ...args, driver: '', name: 'data', labels: {} })
    .thenDecided((_, { effectless }) => assert.is(effectless, true))
    .thenFailed('INTERNAL', (state) => assert.is(state.volume('data'), before));
  scenario.when('volume.create', { ...args, driver: 'nfs', name: 'data' }).thenRefused('VOLUME_EXISTS');
});

test('when creation fails, then the volume is gone', () => {
  given()
    .when('volume.create', { ...args, name: 'data' })
    .thenFailed('DISK_FULL', (state) => assert.is(state.volumes.size, 0));
});

test('given an impossible name, when created, then it is refused', () => {
  const scenario = given();
  scenario.when('volume.create', { ...args, name: 'a/b' }).thenRefused('NAME_INVALID');
  scenario.when('volume.create', { ...args, name: 'a' }).thenRefused('NAME_INVALID');
});

test('given a container that mounts it, when removed, then it is in use, also with force', () => {
  const scenario = given(created('web', { mounts: [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] }));
  const { id } = scenario.world.state.container('web');
  for (const force of [false, true]) {
    scenario.when('volume.remove', { volume: 'data', force }).thenRefused('VOLUME_IN_USE', `remove data: volume is in use - [${id}]`);
  }
});

test('given no such volume, when removed, then only force succeeds', () => {
  const scenario = given();
  scenario.when('volume.remove', { volume: 'nope', force: false }).thenRefused('VOLUME_NOT_FOUND', 'get nope: no such volume');
  scenario.when('volume.remove', { volume: 'nope', force: true }).thenDecided((_, { effectless }) => assert.is(effectless, true));
});

test('given a removal under way, when it is asked for again, then it waits its turn', () => {
  const scenario = given(did('volume.create', { ...args, name: 'data' }), began('volume.remove', { volume: 'data', force: false }));
  scenario.when('volume.create', { ...args, name: 'data' }).thenRefused('VOLUME_IN_USE');
  const mounts = [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] as const;
  scenario.when('container.create', { spec: specOf({ mounts }) }).thenRefused('VOLUME_IN_USE');
});

test.run();
