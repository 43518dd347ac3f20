import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Command, CommandArgs, CommandType, ContainerRecord, PortBinding } from '@shiplog/contracts';
import { canonicalState, restoreState } from './canonical-state.ts';
import { type Accepted, decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { createState, type State } from './state.ts';
import { EXEC, idOf, imageOf, installed, load, specOf, World } from './testing/scenario.test.util.ts';

// The same cases each time; FAST_CHECK_SEED looks for others.
fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 1) });

const test = suite('model, with random commands');

/** What a random script is made of: a command with what becomes of it, an open operation that ends, or an exit. */
type Action =
  | { readonly do: 'command'; readonly command: readonly [CommandType, object]; readonly end: 'ok' | 'fail' | 'open' }
  | { readonly do: 'close'; readonly pick: number; readonly ok: boolean }
  | { readonly do: 'exit'; readonly pick: number };

const container = fc.constantFrom('c1', 'c2', 'c3');
const port = fc.record<PortBinding>({
  protocol: fc.constantFrom('tcp', 'udp'),
  containerPort: fc.integer({ min: 80, max: 82 }),
  hostIp: fc.constantFrom('', '0.0.0.0', '127.0.0.1', '10.0.0.1'),
  hostPort: fc.constantFrom(0, 8080, 8081, 49_153),
});
const spec = fc.record({
  image: fc.constantFrom('busybox', 'web:1'),
  networkMode: fc.constantFrom('bridge', 'lan', 'tiny', 'host', 'none', 'container:c1'),
  ports: fc.array(port, { maxLength: 2 }),
  endpoints: fc.constantFrom({}, { bridge: {} }, { lan: { ipv4: '10.1.0.5' } }, { tiny: {} }),
  mounts: fc.constantFrom([], [{ type: 'volume', source: 'data', target: '/data', readOnly: false, anonymous: true } as const]),
});
const named = <T extends CommandType>(type: T, args: fc.Arbitrary<CommandArgs[T]>) => args.map((value) => [type, value] as const);
const network = (name: string, subnet: string) => ({ name, subnet, driver: 'bridge', internal: false, options: {}, labels: {} });
const command: fc.Arbitrary<readonly [CommandType, object]> = fc.oneof(
  {
    weight: 4,
    arbitrary: named(
      'container.create',
      fc.tuple(container, spec).map(([name, fields]) => ({ name, spec: specOf({ ...fields, networkMode: 'bridge' }) })),
    ),
  },
  named(
    'container.create',
    fc.tuple(container, spec).map(([name, fields]) => ({ name, spec: specOf(fields) })),
  ),
  { weight: 3, arbitrary: named('container.start', fc.record({ container })) },
  named('container.stop', fc.record({ container })),
  named('container.restart', fc.record({ container })),
  named('container.kill', fc.record({ container, signal: fc.constantFrom('KILL', 'HUP', 'X') })),
  named('container.pause', fc.record({ container })),
  named('container.unpause', fc.record({ container })),
  named(
    'container.update',
    fc.record({
      container,
      limits: fc.constantFrom({}, { pids: 10 }, { pids: -2 }, { memoryBytes: 2 ** 26, memorySwapBytes: -1 }),
      restart: fc.constantFrom({ policy: 'no' as const, maxRetries: 0 }, { policy: 'always' as const, maxRetries: 0 }),
    }),
  ),
  named('container.rename', fc.record({ container, name: container })),
  named('container.remove', fc.record({ container, force: fc.boolean(), volumes: fc.boolean() })),
  named('container.release', fc.record({ container })),
  named('exec.create', fc.record({ container, spec: fc.constant(EXEC) })),
  named('image.tag', fc.record({ image: fc.constantFrom('busybox', 'web:1'), reference: fc.constantFrom('bb:1', 'web:1') })),
  named('image.remove', fc.record({ image: fc.constantFrom('busybox', 'web:1', 'bb:1'), force: fc.boolean(), prune: fc.constant(true) })),
  named('network.create', fc.constantFrom(network('lan', '10.1.0.0/24'), network('tiny', '10.2.0.0/30'), network('l2', '10.1.0.0/16'))),
  named(
    'network.connect',
    fc.record({ network: fc.constantFrom('lan', 'tiny', 'bridge'), container, endpoint: fc.constantFrom({ ipv4: '10.1.0.5' }, {}) }),
  ),
  named('network.disconnect', fc.record({ network: fc.constantFrom('lan', 'tiny', 'bridge'), container })),
  named('network.remove', fc.record({ network: fc.constantFrom('lan', 'tiny', 'bridge') })),
  named('network.prune', fc.constant({ networks: [idOf(6), idOf(7)] })),
  named('volume.create', fc.constant({ name: 'data', driver: '', options: {}, labels: {} })),
  named('volume.remove', fc.record({ volume: fc.constant('data'), force: fc.boolean() })),
  named('volume.prune', fc.constant({ volumes: ['data'] })),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('command' as const), command, end: fc.constantFrom('ok', 'ok', 'fail', 'open') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), pick: fc.nat(9), ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), pick: fc.nat(9) }) },
);
const script = fc.array(action, { minLength: 10, maxLength: 50, size: 'max' });

function play(actions: readonly Action[], each: (world: World) => void = () => undefined): World {
  const world = new World();
  installed(world);
  load('web:1', imageOf('web', ['base', 'web'], { Cmd: ['x'], Volumes: { '/v': {} } }))(world);
  for (const args of [network('lan', '10.1.0.0/24'), network('tiny', '10.2.0.0/30')]) world.run('network.create', args);
  const open: { readonly op: string; readonly decision: Accepted }[] = [];
  for (const step of actions) {
    if (step.do === 'exit') {
      const up = [...world.state.containers.values()].filter((record) => record.process !== undefined);
      const one = up[step.pick % Math.max(1, up.length)];
      if (one !== undefined) world.exited(one.id, 1);
    } else if (step.do === 'close') {
      const [one] = open.splice(step.pick % Math.max(1, open.length), 1);
      if (one !== undefined) finish(world, one, step.ok);
    } else {
      const { op, decision } = world.begin(commandOf(world, step.command));
      // The engine appends intent and outcome of what has no effect together.
      if (decision.ok && step.end === 'open' && !decision.effectless) open.push({ op, decision });
      else if (decision.ok) finish(world, { op, decision }, step.end !== 'fail');
    }
    each(world);
  }
  for (const one of open) finish(world, one, false);
  each(world);
  return world;
}

function commandOf(world: World, [type, args]: readonly [CommandType, object]): Command {
  return world.command(type, args as CommandArgs[typeof type]);
}

function finish(world: World, { op, decision }: { readonly op: string; readonly decision: Accepted }, ok: boolean): void {
  if (ok) world.succeed(op, decision);
  else world.fail(op, decision);
}

test('given any script, when played, then no two containers hold one name, address or port', () => {
  fc.assert(
    fc.property(script, (actions) => {
      play(actions, ({ state }) => requireUnique(state));
    }),
    { numRuns: 300 },
  );
});

test('given any script, when played, then the networks and volumes that containers use are there', () => {
  fc.assert(
    fc.property(script, (actions) => {
      play(actions, ({ state }) => {
        for (const { active, endpoints, spec: used } of state.containers.values()) {
          if (active)
            for (const { networkId } of Object.values(endpoints)) assert.ok(state.networks.has(networkId), `network ${networkId}`);
          for (const mount of used.mounts)
            assert.ok(mount.type !== 'volume' || state.volumes.has(mount.source), `volume of ${JSON.stringify(mount)}`);
        }
      });
    }),
    { numRuns: 300 },
  );
});

function requireUnique(state: State): void {
  const names = [...state.containers.values()].map(({ name }) => name);
  assert.is(new Set(names).size, names.length, `names ${names.join(' ')}`);
  const addresses = new Set<string>();
  const ports: (PortBinding & { readonly id: string })[] = [];
  for (const { id, active, endpoints } of state.containers.values()) {
    for (const endpoint of Object.values(endpoints)) {
      if (endpoint.ipv4 !== '') {
        const key = `${endpoint.networkId} ${endpoint.ipv4}`;
        assert.not.ok(addresses.has(key), `address ${key}`);
        addresses.add(key);
        assert.ok(active);
      }
      for (const binding of endpoint.ports) {
        for (const other of ports) {
          const meet = [binding, other].some(({ hostIp }) => hostIp === '' || hostIp === '0.0.0.0') || binding.hostIp === other.hostIp;
          const same = other.protocol === binding.protocol && other.hostPort === binding.hostPort && meet;
          assert.not.ok(same, `port ${binding.hostIp}:${binding.hostPort}`);
        }
        ports.push({ ...binding, id });
      }
    }
  }
}

test('given the scripts, when played, then they reach what they are meant to try', () => {
  const seen = new Set<string>();
  for (const actions of fc.sample(script, { numRuns: 1000, seed: 3 })) {
    for (const { type, result, data } of play(actions).events) {
      // A prune that found nothing does not count.
      const found = !('removed' in data) || data.removed.length > 0;
      if (found) seen.add(result?.error === undefined ? type : result.error.code);
    }
  }
  for (const wanted of [
    'container.start.succeeded',
    'container.restart.succeeded',
    'container.remove.succeeded',
    'container.release.succeeded',
    'container.rename.succeeded',
    'exec.create.succeeded',
    'image.remove.succeeded',
    'network.connect.succeeded',
    'network.disconnect.succeeded',
    'network.remove.succeeded',
    'network.prune.succeeded',
    'volume.prune.succeeded',
    'container.exited',
    'CONTAINER_NAME_IN_USE',
    'CONTAINER_BUSY',
    'CONTAINER_RUNNING',
    'ENDPOINT_EXISTS',
    'ADDRESS_IN_USE',
    'ADDRESS_POOL_EXHAUSTED',
    'PORT_IN_USE',
    'IMAGE_IN_USE',
    'NETWORK_IN_USE',
    'VOLUME_IN_USE',
    'PRUNE_RUNNING',
  ]) {
    assert.ok(seen.has(wanted), `no script led to ${wanted}`);
  }
});

test('given any state, when a command is accepted and fails, then what its intent took is given back', () => {
  fc.assert(
    fc.property(script, command, (actions, last) => {
      const world = play(actions);
      const before = observable(world.state);
      const { op, decision } = world.begin(commandOf(world, last));
      if (decision.ok) world.fail(op, decision);
      assert.equal(observable(world.state), before);
    }),
    { numRuns: 500 },
  );
});

/** All but what a failure may leave behind (that it was tried, why it failed, and that it is not tried again) and what a container that is down has of networks. */
function observable(state: State): unknown {
  const { seq: _, ...rest } = JSON.parse(canonicalState(state)) as { seq: number; containers: Record<string, ContainerRecord> };
  const containers = Object.values(rest.containers).map((record) => ({
    ...record,
    endpoints: record.active ? record.endpoints : {},
    status: record.status === 'restarting' ? 'exited' : record.status,
    error: '',
    exitCode: 0,
    restartCount: 0,
  }));
  return { ...rest, containers };
}

test('given all operations ended, when nothing is under way, then nothing is busy, open or pending', () => {
  fc.assert(
    fc.property(script, (actions) => {
      const { state } = play(actions);
      assert.equal([state.openOperations.size, state.pending.size], [0, 0]);
      for (const record of state.containers.values()) assert.ok(record.busy === undefined && record.status !== 'removing');
    }),
    { numRuns: 100 },
  );
});

test('given the events of any script, when folded again, on any prefix or from a stored state, then the state is the same', () => {
  fc.assert(
    fc.property(script, fc.nat(), (actions, cut) => {
      const { events, state } = play(actions);
      const again = createState();
      let resumed: State | undefined;
      for (const [index, event] of events.entries()) {
        evolve(again, event);
        if (resumed !== undefined) evolve(resumed, event);
        if (index === cut % events.length) resumed = restoreState(canonicalState(again));
      }
      assert.is(canonicalState(again), canonicalState(state));
      if (resumed !== undefined) assert.is(canonicalState(resumed), canonicalState(state));
    }),
    { numRuns: 100 },
  );
});

test('given events in which some are missing, when folded, then evolve does not throw', () => {
  fc.assert(
    fc.property(script, fc.infiniteStream(fc.boolean()), (actions, keep) => {
      const state = createState();
      for (const event of play(actions).events) if (keep.next().value) evolve(state, event);
      canonicalState(state);
    }),
    { numRuns: 100 },
  );
});

test('given any state and command, when decided twice, then the decision is the same and the state untouched', () => {
  fc.assert(
    fc.property(script, command, (actions, last) => {
      const world = play(actions);
      const before = canonicalState(world.state);
      const asked = commandOf(world, last);
      assert.equal(decide(world.state, asked), decide(world.state, asked));
      assert.is(canonicalState(world.state), before);
    }),
    { numRuns: 200 },
  );
});

test.run();
