import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, did, given, running } from '../testing/scenario.test.util.ts';

const test = suite('container.kill, pause, unpause, resize');

test('given a running container, when killed, then the signal is decided and the end is wished for', () => {
  given(running('web'))
    .when('container.kill', { container: 'web', signal: 'SIGKILL' })
    .thenDecided(({ signal }) => assert.is(signal, 9))
    .thenState((state) => assert.equal([state.container('web').status, state.container('web').stopRequested], ['running', true]));
});

test('given a signal that does not mean the end, when killed, then restart policies still hold', () => {
  given(running('web'))
    .when('container.kill', { container: 'web', signal: 'HUP' })
    .thenState((state) => assert.is(state.container('web').stopRequested, false));
});

test('given a stop under way, when killed, resized, paused or entered, then that needs no exclusive right', () => {
  const scenario = given(running('web'), began('container.stop', { container: 'web', timeoutSeconds: -1 }));
  scenario.when('container.kill', { container: 'web', signal: '9' }).thenDecided(({ signal }) => assert.is(signal, 9));
  scenario.when('container.resize', { container: 'web', rows: 24, columns: 80 }).thenDecided(({ rows }) => assert.is(rows, 24));
  scenario.when('container.pause', { container: 'web' }).thenDecided(({ id }) => assert.is(id.length, 64));
  assert.is(scenario.world.state.container('web').busy?.verb, 'container.stop');
});

test('given a container that is down, when killed, paused or resized, then it is not running', () => {
  const scenario = given(created('web'));
  const { id } = scenario.world.state.container('web');
  scenario
    .when('container.kill', { container: id, signal: '' })
    .thenRefused('CONTAINER_NOT_RUNNING', `cannot kill container: ${id}: container ${id} is not running`);
  scenario.when('container.pause', { container: 'web' }).thenRefused('CONTAINER_NOT_RUNNING', `container ${id} is not running`);
  scenario.when('container.resize', { container: 'web', rows: 1, columns: 1 }).thenRefused('CONTAINER_NOT_RUNNING');
});

test('given a bad signal or size, when asked, then it is refused', () => {
  const scenario = given(running('web'));
  scenario.when('container.kill', { container: 'web', signal: 'X' }).thenRefused('SIGNAL_INVALID', 'invalid signal: X');
  scenario.when('container.resize', { container: 'web', rows: -1, columns: 1 }).thenRefused('REQUEST_INVALID');
});

test('given a running container, when paused and unpaused, then its status follows', () => {
  const scenario = given(running('web'));
  scenario.when('container.unpause', { container: 'web' }).thenRefused('CONTAINER_NOT_PAUSED');
  scenario.when('container.pause', { container: 'web' }).thenState((state) => assert.is(state.container('web').status, 'paused'));
  scenario.when('container.pause', { container: 'web' }).thenRefused('CONTAINER_PAUSED');
  scenario.when('container.kill', { container: 'web', signal: 'KILL' }).thenDecided(({ signal }) => assert.is(signal, 9));
  scenario.when('container.unpause', { container: 'web' }).thenState((state) => assert.is(state.container('web').status, 'running'));
});

test('given a container that ended while it was being paused, when the pause succeeds, then it stays exited', () => {
  const then = given(running('web'), did('container.kill', { container: 'web', signal: 'KILL' })).when('container.pause', {
    container: 'web',
  });
  then.world.exited(then.world.state.container('web').id, 137);
  then.thenState((state) => assert.is(state.container('web').status, 'exited'));
});

test.run();
