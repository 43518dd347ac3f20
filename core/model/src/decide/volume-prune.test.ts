import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommandArgs } from '@shiplog/contracts';
import { began, created, did, given, specOf, type Step } from '../testing/scenario.test.util.ts';

const test = suite('volume.prune');
const args = (name: string): CommandArgs['volume.create'] => ({ name, driver: 'local', options: {}, labels: {} });
const volumes = (...names: readonly string[]): readonly Step[] => names.map((name) => did('volume.create', args(name)));
const mounting = (source: string) => ({ mounts: [{ type: 'volume', source, target: '/data', readOnly: false }] as const });

test('given volumes that are mounted, unsettled and none, when pruned, then the others go', () => {
  const scenario = given(
    ...volumes('data', 'free', 'going', 'last'),
    created('web', mounting('data')),
    began('volume.create', args('coming')),
    began('volume.remove', { volume: 'going', force: false }),
  );
  scenario
    .when('volume.prune', { volumes: ['data', 'free', 'going', 'coming', 'last', 'free', 'nobody'] })
    .thenDecided(({ names }, { stream, effectless }) => assert.equal([names, stream, effectless], [['free', 'last'], 'engine', false]))
    .thenMeanwhile((state) => assert.is(state.volume('free').name, 'free'))
    // One that its driver did not remove.
    .thenState((state) => assert.equal([...state.volumes.keys()], ['data', 'free', 'going', 'coming']), {
      removed: ['last'],
      reclaimedBytes: 7,
    });
  scenario.when('container.create', { spec: specOf(mounting('free')) }).thenDecided(({ spec }) => assert.is(spec.mounts.length, 1));
});

test('given a prune under way, when what it takes away is to be used, or more pruned, then that is refused until it is done', () => {
  const scenario = given(...volumes('free', 'other'));
  const prune = scenario.when('volume.prune', { volumes: ['free'] });
  scenario.when('volume.create', args('free')).thenRefused('VOLUME_IN_USE');
  scenario.when('container.create', { spec: specOf(mounting('free')) }).thenRefused('VOLUME_IN_USE');
  scenario.when('volume.prune', { volumes: ['other'] }).thenRefused('PRUNE_RUNNING', 'a prune operation is already running');
  scenario.when('container.create', { spec: specOf(mounting('other')) }).thenDecided(({ spec }) => assert.is(spec.mounts.length, 1));
  prune.thenFailed('DRIVER_FAILED', (state) => assert.is(state.volume('free').name, 'free'));
  scenario.when('container.create', { spec: specOf(mounting('free')) }).thenDecided(({ spec }) => assert.is(spec.mounts.length, 1));
});

test('given nothing to prune, when pruned, then it is effectless', () => {
  given()
    .when('volume.prune', { volumes: ['nobody'] })
    .thenDecided(({ names }, { effectless }) => assert.equal([names, effectless], [[], true]));
});

test.run();
