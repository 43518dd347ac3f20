import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, exited, given, running } from '../testing/scenario.test.util.ts';

const test = suite('container.prune');

test('given containers up, down and busy, when pruned, then those that are down and idle go', () => {
  const scenario = given(running('up1'), created('down'), running('gone'), exited('gone'), created('busy'));
  began('container.start', { container: 'busy' })(scenario.world);
  const idOf = (name: string) => scenario.world.state.container(name).id;
  const [down, gone] = [idOf('down'), idOf('gone')];
  scenario
    .when('container.prune', { containers: [idOf('up1'), down, gone, gone, idOf('busy'), 'nobody'] })
    .thenDecided(({ ids }, { stream }) => assert.equal([ids, stream], [[down, gone], 'engine']))
    .thenMeanwhile((state) => assert.is(state.container('down').status, 'removing'))
    .thenState(
      (state) => {
        assert.equal([...state.containers.values()].map(({ name }) => name).toSorted(), ['busy', 'down', 'up1']);
        assert.equal([state.container('down').status, state.container('down').busy], ['created', undefined]);
      },
      { removed: [gone] },
    );
});

test('given a prune under way, when pruned, then it is refused', () => {
  const scenario = given(created('c1'));
  const containers = [scenario.world.state.container('c1').id];
  began('container.prune', { containers })(scenario.world);
  scenario.when('container.prune', { containers }).thenRefused('PRUNE_RUNNING', 'a prune operation is already running');
  scenario.when('container.start', { container: 'c1' }).thenRefused('CONTAINER_BUSY');
});

test('when it fails, then all are as before', () => {
  const scenario = given(created('c1'));
  const before = scenario.world.state.container('c1');
  scenario
    .when('container.prune', { containers: [before.id] })
    .thenFailed('DRIVER_FAILED', (state) => assert.equal(state.container('c1'), before));
});

test('given nothing to prune, when pruned, then it is effectless', () => {
  given()
    .when('container.prune', { containers: [] })
    .thenDecided((_, { effectless }) => assert.is(effectless, true));
});

test.run();
