import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommandArgs, ErrorCode } from '@shiplog/contracts';
import { began, created, did, exited, given, running, type Step } from '../testing/scenario.test.util.ts';

const test = suite('network.prune');
const args = (name: string): CommandArgs['network.create'] => ({ name, driver: 'bridge', internal: false, options: {}, labels: {} });
const networks = (...names: readonly string[]): readonly Step[] => names.map((name) => did('network.create', args(name)));

test('given networks that are used, predefined, unsettled and none, when pruned, then the others go, and those of stopped containers with them', () => {
  const scenario = given(
    ...networks('on', 'configured', 'joined', 'free', 'going', 'last'),
    running('up', { networkMode: 'on' }),
    running('down', { networkMode: 'configured' }),
    exited('down'),
    created('idle'),
    did('network.connect', { network: 'joined', container: 'idle', endpoint: {} }),
    began('network.create', args('coming')),
    began('network.remove', { network: 'going' }),
  );
  const idOf = (name: string): string => scenario.world.state.network(name).id;
  const named = ['on', 'configured', 'joined', 'free', 'going', 'last', 'coming', 'bridge', 'free'].map(idOf);
  const pruned = ['configured', 'joined', 'free', 'last'].map((name) => ({ id: idOf(name), name }));
  const free = idOf('free');
  scenario
    .when('network.prune', { networks: [...named, 'nobody'] })
    .thenDecided(({ networks: decided }, { stream, effectless }) => assert.equal([decided, stream, effectless], [pruned, 'engine', false]))
    .thenMeanwhile((state) => assert.is(state.network('free').id, free))
    // One that its driver did not remove.
    .thenState(
      (state) => {
        assert.throws(() => state.network('last'));
        assert.throws(() => state.network('configured'));
        assert.is(state.network('free').id, free);
        assert.is(state.network('on').name, 'on');
      },
      { removed: pruned.map(({ id }) => id).filter((id) => id !== free) },
    );
  scenario.when('container.start', { container: 'down' }).thenRefused('NETWORK_NOT_FOUND');
  // And may be used again.
  scenario.when('network.connect', { network: 'free', container: 'idle', endpoint: {} }).thenDecided(({ networkId }) => {
    assert.is(networkId, free);
  });
});

test('given a prune under way, when what it takes away is to be used or removed, or more pruned, then that is refused until it is done', () => {
  const scenario = given(...networks('lan', 'other'), created('idle', { networkMode: 'bridge', endpoints: {} }));
  const [lan, other] = ['lan', 'other'].map((name) => scenario.world.state.network(name).id) as [string, string];
  const prune = scenario.when('network.prune', { networks: [lan] });
  const refused = (code: ErrorCode, ...[type, asked]: Parameters<typeof scenario.when>): unknown =>
    scenario.when(type, asked).thenRefused(code);
  refused('NETWORK_NOT_FOUND', 'network.connect', { network: 'lan', container: 'idle', endpoint: {} });
  refused('NETWORK_NOT_FOUND', 'network.remove', { network: 'lan' });
  refused('NETWORK_NAME_IN_USE', 'network.create', args('lan'));
  scenario.when('network.prune', { networks: [other] }).thenRefused('PRUNE_RUNNING', 'a prune operation is already running');
  // What is not pruned is as it was; so is the rest when it is over.
  scenario.when('network.connect', { network: 'other', container: 'idle', endpoint: {} }).thenDecided(({ networkId }) => {
    assert.is(networkId, other);
  });
  prune.thenFailed('DRIVER_FAILED', (state) => assert.is(state.network('lan').id, lan));
  scenario.when('network.connect', { network: 'lan', container: 'idle', endpoint: {} }).thenDecided(({ networkId }) => {
    assert.is(networkId, lan);
  });
});

test('given a prune under way, when a container that was created for its network starts, then it is not there', () => {
  const scenario = given(...networks('lan'));
  const { id } = scenario.world.state.network('lan');
  const prune = scenario.when('network.prune', { networks: [id] });
  created('late', { networkMode: 'lan' })(scenario.world);
  scenario.when('container.start', { container: 'late' }).thenRefused('NETWORK_NOT_FOUND');
  prune.thenState((state) => assert.is(state.networks.has(id), false));
});

test('given nothing to prune, when pruned, then it is effectless', () => {
  given()
    .when('network.prune', { networks: ['nobody'] })
    .thenDecided(({ networks: decided }, { effectless }) => assert.equal([decided, effectless], [[], true]));
});

test.run();
