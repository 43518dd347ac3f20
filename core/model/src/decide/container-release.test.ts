import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bridgeLeases, created, given, running } from '../testing/scenario.test.util.ts';

const test = suite('container.release');

test('given a container that exited, when released, then addresses and ports are free and its networks remain', () => {
  const scenario = given(running('web', { ports: [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 80 }] }));
  scenario.world.exited(scenario.world.state.container('web').id);
  scenario.when('container.release', { container: 'web' }).thenState((state) => {
    const web = state.container('web');
    assert.is(web.active, false);
    assert.equal([web.endpoints['bridge']?.ipv4, web.endpoints['bridge']?.ports], ['', []]);
    assert.equal(bridgeLeases(state), []);
  });
});

test('when the release fails, then everything is still held', () => {
  const scenario = given(running('web'));
  scenario.world.exited(scenario.world.state.container('web').id);
  scenario.when('container.release', { container: 'web' }).thenFailed('DRIVER_FAILED', (state) => {
    assert.equal([state.container('web').active, state.container('web').busy], [true, undefined]);
    assert.is(bridgeLeases(state).length, 1);
  });
});

test('given a container that runs or holds nothing, when released, then it is refused', () => {
  const scenario = given(running('c1'), created('c2'));
  scenario.when('container.release', { container: 'c1' }).thenRefused('CONTAINER_RUNNING');
  scenario.when('container.release', { container: 'c2' }).thenRefused('CONTAINER_ALREADY_STOPPED');
});

test.run();
