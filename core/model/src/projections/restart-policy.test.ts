import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerSpec } from '@shiplog/contracts';
import { began, created, exited, given, running } from '../testing/scenario.test.util.ts';
import { startsWithEngine } from './restart-policy.ts';

const test = suite('restart policies');

type Policy = ContainerSpec['restart']['policy'];
const of = (policy: Policy, maxRetries = 0): Pick<ContainerSpec, 'restart'> => ({ restart: { policy, maxRetries } });

for (const [policy, code, status] of [
  ['no', 1, 'exited'],
  ['always', 0, 'restarting'],
  ['unless-stopped', 0, 'restarting'],
  ['on-failure', 0, 'exited'],
  ['on-failure', 1, 'restarting'],
] as const) {
  test(`given ${policy}, when it ends with ${code}, then it is ${status}`, () => {
    const { world } = given(running('web', of(policy)), exited('web', code));
    assert.is(world.state.container('web').status, status);
  });
}

test('given at most two tries, when it fails a third time, then it stays so', () => {
  const { world } = given(running('web', of('on-failure', 2)));
  const person = world.actor;
  for (const status of ['restarting', 'restarting', 'exited']) {
    exited('web', 1)(world);
    assert.is(world.state.container('web').status, status);
    world.actor = { scheme: 'system', reason: 'restart-policy' };
    if (status === 'restarting') world.run('container.start', { container: 'web' });
    world.actor = person;
  }
});

for (const verb of ['container.stop', 'container.kill'] as const) {
  test(`given a container that is always started again, when it ends of a ${verb}, whatever is known first, then it stays down`, () => {
    const args = verb === 'container.kill' ? { container: 'web', signal: 'KILL' } : { container: 'web' };
    const scenario = given(running('web', of('always'))).when(verb, args);
    scenario.world.exited(scenario.world.state.container('web').id, 137);
    scenario.thenState((state) => assert.is(state.container('web').status, 'exited'));
    // The engine starts what has `always` all the same when it starts itself.
    assert.ok(startsWithEngine(scenario.world.state.container('web')));
  });
}

test('given one that waits to be started again, when it is stopped, then it waits no more; a stop that fails changes nothing', () => {
  const waiting = () => given(running('web', of('unless-stopped')), exited('web', 1));
  waiting()
    .when('container.stop', { container: 'web' })
    .thenFailed('DRIVER_FAILED', (state) => {
      const { status, stopRequested } = state.container('web');
      assert.equal([status, stopRequested], ['restarting', false]);
    });
  waiting()
    .when('container.stop', { container: 'web' })
    .thenState((state) => {
      const web = state.container('web');
      assert.equal([web.status, web.stopRequested, startsWithEngine(web)], ['exited', true, false]);
    });
});

test('given one that waits to be started again, when it cannot start, then it is not tried again, until the engine starts', () => {
  given(running('web', of('always')), exited('web', 1))
    .when('container.start', { container: 'web' })
    .thenFailed('RUNTIME_FAILED', (state) => {
      const web = state.container('web');
      assert.equal([web.status, web.error, startsWithEngine(web)], ['exited', 'it failed: RUNTIME_FAILED', true]);
    });
});

test('given one that waits to be started again, when it is removed or pruned, then it is as with one that runs', () => {
  const scenario = given(running('web', of('always')), exited('web', 1));
  const { id } = scenario.world.state.container('web');
  scenario.when('container.remove', { container: 'web', force: false, volumes: false }).thenRefused('CONTAINER_RUNNING');
  scenario.when('container.prune', { containers: [id] }).thenDecided(({ ids }) => assert.equal(ids, []));
  scenario
    .when('container.remove', { container: 'web', force: true, volumes: false })
    .thenState((state) => assert.is(state.containers.size, 0));
});

test('given one that ends in the middle of its start, or of a restart, when that is done, then policy and person each had their say', () => {
  const { world } = given(created('web', of('always')), began('container.start', { container: 'web' }));
  world.exited(world.state.container('web').id, 1);
  assert.is(world.state.container('web').status, 'restarting');
  const restarted = given(running('web', of('always')), began('container.restart', { container: 'web' })).world;
  restarted.exited(restarted.state.container('web').id, 143);
  assert.is(restarted.state.container('web').status, 'exited');
});

test('given those that never ran, or have no policy, when the engine starts, then they are not started', () => {
  const { world } = given(created('new', of('always')), running('old'), exited('old', 1), running('up', of('always')));
  for (const web of world.state.containers.values()) assert.not.ok(startsWithEngine(web), web.name);
});

test.run();
