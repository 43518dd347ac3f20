import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MountSpec } from '@shiplog/contracts';
import { bridgeLeases, began, created, did, EXEC, exited, given, running } from '../testing/scenario.test.util.ts';

const test = suite('container.remove');
const volume = (source: string, anonymous: boolean): MountSpec => ({
  type: 'volume',
  source,
  target: `/${source}`,
  readOnly: false,
  anonymous,
});

test('given a container that is down, when removed, then it is removing, and then gone with its exec sessions', () => {
  const scenario = given(running('web'), did('exec.create', { container: 'web', spec: EXEC }), exited('web'));
  scenario
    .when('container.remove', { container: 'web', force: false, volumes: false })
    .thenDecided(({ kill, volumes }) => assert.equal([kill, volumes], [false, []]))
    .thenMeanwhile((state) => assert.is(state.container('web').status, 'removing'))
    .thenState((state) => assert.equal([state.containers.size, state.execs.size, state.pending.size], [0, 0, 0]));
});

test('given a running container, when removed without force, then it is refused as by Docker', () => {
  const scenario = given(running('web'));
  scenario
    .when('container.remove', { container: 'web', force: false, volumes: false })
    .thenRefused(
      'CONTAINER_RUNNING',
      'cannot remove container "/web": container is running: stop the container before removing or force remove',
    );
  scenario.world.run('container.pause', { container: 'web' });
  scenario
    .when('container.remove', { container: 'web', force: false, volumes: false })
    .thenRefused('CONTAINER_RUNNING', 'cannot remove container "/web": container is paused and must be unpaused first');
});

test('given a running container, when removed with force, then it is killed and its leases go back', () => {
  const then = given(running('web')).when('container.remove', { container: 'web', force: true, volumes: false });
  then.thenDecided(({ kill }) => assert.is(kill, true));
  then.world.exited(then.world.state.container('web').id, 137);
  assert.is(then.world.state.container('web').status, 'removing');
  then.thenState((state) => {
    assert.is(state.containers.size, 0);
    assert.equal(bridgeLeases(state), []);
  });
});

test('when the removal fails, then the container is what it is by then', () => {
  given(running('web'))
    .when('container.remove', { container: 'web', force: true, volumes: false })
    .thenFailed('DRIVER_FAILED', (state) => assert.is(state.container('web').status, 'running'));
  const killed = given(running('web')).when('container.remove', { container: 'web', force: true, volumes: false });
  killed.world.exited(killed.world.state.container('web').id, 137);
  killed.thenFailed('DRIVER_FAILED', (state) => {
    assert.equal([state.container('web').status, state.container('web').busy], ['exited', undefined]);
    assert.is(bridgeLeases(state).length, 1, 'it was not released');
  });
});

test('given volumes, when removed with them, then only anonymous ones of its own go', () => {
  given(
    created('web', { mounts: [volume('anon', true), volume('named', false), volume('shared', true)] }),
    created('other', { mounts: [volume('shared', true)] }),
  )
    .when('container.remove', { container: 'web', force: false, volumes: true })
    .thenDecided(({ volumes }) => assert.equal(volumes, ['anon']))
    .thenState((state) => assert.equal([...state.volumes.keys()], ['named', 'shared']));
});

test('given a removal under way, when removed again, then it is busy with Docker words', () => {
  given(created('web'), began('container.remove', { container: 'web', force: false, volumes: false }))
    .when('container.remove', { container: 'web', force: true, volumes: false })
    .thenRefused('CONTAINER_BUSY', 'removal of container web is already in progress');
});

test.run();
