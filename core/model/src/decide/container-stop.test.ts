import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, exited, given, imageOf, load, running } from '../testing/scenario.test.util.ts';

const test = suite('container.stop');

test('given a running container, when stopped, then it is asked with TERM and the default time, and has exited after', () => {
  const then = given(running('web')).when('container.stop', { container: 'web' });
  then
    .thenDecided(({ signal, timeoutSeconds }) => assert.equal([signal, timeoutSeconds], [15, 10]))
    .thenMeanwhile((state) => assert.is(state.container('web').stopRequested, true));
  then.world.exited(then.world.state.container('web').id, 143);
  then.thenState((state) => {
    const web = state.container('web');
    assert.equal([web.status, web.exitCode, web.finishedAt, web.stopRequested], ['exited', 143, '77', true]);
    assert.is(web.active, true, 'leases are held until release');
    assert.is(web.busy, undefined);
  });
});

test('given an exit nobody observed, when the stop succeeds, then its outcome tells of it', () => {
  given(running('web'))
    .when('container.stop', { container: 'web' })
    .thenState((state) => assert.equal([state.container('web').status, state.container('web').exitCode], ['exited', 143]));
});

test('given wishes of caller, container and image, when stopped, then the nearest counts', () => {
  const image = load('web:1', imageOf('web', ['base'], { Cmd: ['x'], StopSignal: 'SIGQUIT' }));
  const scenario = given(image, running('w1', { image: 'web:1' }), running('w2', { image: 'web:1', stopSignal: 'INT', stopTimeout: -1 }));
  scenario.when('container.stop', { container: 'w1' }).thenDecided(({ signal }) => assert.is(signal, 3));
  scenario
    .when('container.stop', { container: 'w2', timeoutSeconds: 1 })
    .thenDecided(({ signal, timeoutSeconds }) => assert.equal([signal, timeoutSeconds], [2, 1]));
});

test('given an image whose stop signal is nonsense, when stopped, then TERM is sent', () => {
  given(load('web:1', imageOf('web', ['base'], { Cmd: ['x'], StopSignal: 'SIGFOO' })), running('web', { image: 'web:1' }))
    .when('container.stop', { container: 'web' })
    .thenDecided(({ signal }) => assert.is(signal, 15));
});

test('given a container that is down or being released, when stopped, then it is so already', () => {
  const scenario = given(created('c1'), running('c2'), exited('c2'), running('c3'));
  scenario.world.exited(scenario.world.state.container('c3').id);
  began('container.release', { container: 'c3' })(scenario.world);
  for (const container of ['c1', 'c2', 'c3']) scenario.when('container.stop', { container }).thenRefused('CONTAINER_ALREADY_STOPPED');
});

test('given a stop under way, when stopped or removed again, then the container is busy', () => {
  const scenario = given(running('web'), began('container.stop', { container: 'web' }));
  scenario.when('container.stop', { container: 'web' }).thenRefused('CONTAINER_BUSY');
  scenario.when('container.remove', { container: 'web', force: true, volumes: false }).thenRefused('CONTAINER_BUSY');
});

test('when the stop fails, then it runs on and nobody wished it to end', () => {
  given(running('web'))
    .when('container.stop', { container: 'web', signal: 'KILL' })
    .thenFailed('RUNTIME_FAILED', (state) => {
      const web = state.container('web');
      assert.equal([web.status, web.stopRequested, web.busy], ['running', false, undefined]);
    });
});

test('given a bad signal or time, when stopped, then it is refused', () => {
  const scenario = given(running('web'));
  scenario.when('container.stop', { container: 'web', signal: 'NOPE' }).thenRefused('SIGNAL_INVALID', 'invalid signal: NOPE');
  scenario.when('container.stop', { container: 'web', timeoutSeconds: -2 }).thenRefused('REQUEST_INVALID');
});

test.run();
