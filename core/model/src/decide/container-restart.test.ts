import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bridgeLeases, began, created, exited, given, running } from '../testing/scenario.test.util.ts';

const test = suite('container.restart');
const ports = [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 0 }] as const;

test('given a running container, when restarted, then it keeps its endpoints and gets a new process', () => {
  const scenario = given(running('web', { ports }));
  const before = scenario.world.state.container('web');
  const then = scenario.when('container.restart', { container: 'web', timeoutSeconds: 1 });
  then.thenDecided(({ endpoints, sandbox, timeoutSeconds }, { conditions }) => {
    assert.equal(endpoints, [before.endpoints['bridge']]);
    assert.is(sandbox, 'bridge');
    assert.is(timeoutSeconds, 1);
    assert.equal(conditions, [], 'nothing is claimed anew');
  });
  then.world.exited(before.id, 143);
  assert.is(then.world.state.container('web').status, 'exited');
  then.thenState((state) => {
    assert.is(state.container('web').status, 'running');
    assert.not.equal(state.container('web').process, before.process);
    assert.equal(state.container('web').endpoints, before.endpoints);
  });
});

test('given a new process that ends at once, when the restart succeeds, then it is exited', () => {
  const then = given(running('web')).when('container.restart', { container: 'web' });
  const { id } = then.world.state.container('web');
  then.world.exited(id, 143);
  then.world.exited(id, 2);
  then.thenState((state) => assert.equal([state.container('web').status, state.container('web').exitCode], ['exited', 2]));
});

test('given a container that is down, when restarted, then it starts as usual', () => {
  const scenario = given(created('c1'), running('c2'), exited('c2'));
  for (const container of ['c1', 'c2']) {
    scenario
      .when('container.restart', { container })
      .thenDecided(({ endpoints }) => assert.match(endpoints[0]?.ipv4 ?? '', /^172\.17\./))
      .thenState((state) => assert.is(state.container(container).status, 'running'));
  }
});

test('when stopping for the restart fails, then it runs on with what it had', () => {
  const scenario = given(running('web'));
  const before = scenario.world.state.container('web');
  scenario.when('container.restart', { container: 'web' }).thenFailed('RUNTIME_FAILED', (state) => {
    const { error, ...rest } = state.container('web');
    assert.is(error, 'it failed: RUNTIME_FAILED');
    assert.equal({ ...rest, error: '' }, before);
    assert.is(bridgeLeases(state).length, 1);
  });
});

test('when starting again fails, then it is exited and holds what it held until release', () => {
  const then = given(running('web')).when('container.restart', { container: 'web' });
  then.world.exited(then.world.state.container('web').id, 143);
  then.thenFailed('COMMAND_NOT_FOUND', (state) => {
    const web = state.container('web');
    assert.equal([web.status, web.exitCode, web.active, web.busy], ['exited', 127, true, undefined]);
    assert.is(bridgeLeases(state).length, 1);
  });
  then.world.run('container.release', { container: 'web' });
  assert.equal(bridgeLeases(then.world.state), []);
});

test('given a container that held nothing, when its restart fails, then it holds nothing', () => {
  given(created('web'))
    .when('container.restart', { container: 'web' })
    .thenFailed('RUNTIME_FAILED', (state) => {
      assert.is(state.container('web').active, false);
      assert.equal(bridgeLeases(state), []);
    });
});

test('given another operation on it, when restarted, then it is busy', () => {
  given(running('web'), began('container.stop', { container: 'web' }))
    .when('container.restart', { container: 'web' })
    .thenRefused('CONTAINER_BUSY');
});

test.run();
