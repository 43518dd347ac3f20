import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { began, created, given, running, specOf } from '../testing/scenario.test.util.ts';

const test = suite('container.rename');

test('given a running container, when renamed, then it has the new name and the old one is free', () => {
  const scenario = given(running('web'));
  scenario
    .when('container.rename', { container: 'web', name: '/site' })
    .thenDecided((decided, { effectless, intent }) => {
      assert.equal([decided.name, decided.oldName, effectless], ['site', 'web', true]);
      assert.equal(intent.tags, ['name:site']);
    })
    .thenState((state) => assert.is(state.container('site').name, 'site'));
  scenario.when('container.create', { name: 'web', spec: specOf() }).thenDecided(({ name }) => assert.is(name, 'web'));
});

test('when it fails, then it has the old name again', () => {
  given(created('web'))
    .when('container.rename', { container: 'web', name: 'site' })
    .thenFailed('INTERNAL', (state) => assert.is(state.container('web').name, 'web'));
});

test('given a taken, equal or impossible name, when renamed, then it is refused', () => {
  const scenario = given(created('web'), created('db1'));
  scenario.when('container.rename', { container: 'web', name: 'db1' }).thenRefused('CONTAINER_NAME_IN_USE');
  scenario.when('container.rename', { container: 'web', name: 'web' }).thenRefused('REQUEST_INVALID');
  scenario.when('container.rename', { container: 'web', name: 'a b' }).thenRefused('NAME_INVALID');
  scenario.when('container.rename', { container: 'nobody', name: 'x1' }).thenRefused('CONTAINER_NOT_FOUND');
});

test('given a removal under way, when renamed, then it is busy', () => {
  given(created('web'), began('container.remove', { container: 'web', force: false, volumes: false }))
    .when('container.rename', { container: 'web', name: 'site' })
    .thenRefused('CONTAINER_BUSY');
});

test.run();
