import type { ContainerSpec, EventType, ShiplogEvent, StreamName } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Fields } from '../http/fields.ts';
import { Filters } from '../http/filters.ts';
import { parseVersion } from '../http/version.ts';
import { FakeLog } from '../testing/fake-log.ts';
import { translateCreate } from './container-spec.ts';
import { type DockerEvent, eventLine } from './docker-event.ts';
import { EventProjection } from './event.ts';
import { passes } from './event-filter.ts';

const test = suite('the log as Docker events');

const ID = 'c'.repeat(64);
const NET = 'e'.repeat(64);
const spec: ContainerSpec = {
  ...translateCreate(new Fields({ Image: 'web:1', Labels: { signal: 'forged', tier: 'front' } }), {
    version: parseVersion('1.51'),
    defaultLogDriver: 'k8s-file',
    hostGateway: '',
    hostCpus: 2,
  }).spec,
  env: { names: [] },
};
const ENDPOINTS = [{ networkId: NET, networkName: 'net' }];

/** A log of these events, told by a projection from its start. */
async function told(
  write: (add: (op: string, type: EventType, data: object, stream?: StreamName) => void) => void,
): Promise<readonly DockerEvent[]> {
  const log = new FakeLog();
  let at = 1_700_000_000_000;
  write((op, type, data, stream = `container/${ID}`) => {
    const kind = type.endsWith('.requested') ? 'intent' : /\.(succeeded|failed)$/.test(type) ? 'outcome' : 'observed';
    at += 2000;
    log.append(op, stream, type, kind, data, at);
  });
  const projection = new EventProjection();
  const events: DockerEvent[] = [];
  for await (const event of log.read()) events.push(...projection.next(event as ShiplogEvent));
  return events;
}

type Add = Parameters<Parameters<typeof told>[0]>[0];

function createNetworkAndContainer(add: Add): void {
  add('n', 'network.create.requested', { decided: { id: NET, name: 'net', driver: 'bridge', predefined: false } }, `network/${NET}`);
  add('n', 'network.create.succeeded', {}, `network/${NET}`);
  add('a', 'container.create.requested', { decided: { id: ID, name: 'web', spec, imageId: 'sha256:1' } });
  add('a', 'container.create.succeeded', { warnings: [] });
}

function startContainer(add: Add): void {
  add('b', 'container.start.requested', { decided: { id: ID, endpoints: ENDPOINTS, sandbox: 'bridge' } });
  add('b', 'container.start.succeeded', {});
}

test('given a restart of a running container, when it is told, then kill, die, stop, start and restart come in order', async () => {
  const events = await told((add) => {
    createNetworkAndContainer(add);
    startContainer(add);
    add('r', 'container.restart.requested', { decided: { id: ID, endpoints: ENDPOINTS, sandbox: 'bridge' } });
    add('r', 'operation.step', { verb: 'container.restart', step: 'signal', facts: { signal: 15 } });
    add('x', 'container.exited', { id: ID, exitCode: 143, oomKilled: false });
    add('r', 'container.restart.succeeded', {});
  });
  assert.equal(
    events.map(({ type, action }) => `${type} ${action}`),
    [
      'network create',
      'container create',
      'network connect',
      'container start',
      'container kill',
      'container die',
      'network disconnect',
      'container stop',
      'network connect',
      'container start',
      'container restart',
    ],
  );
  assert.equal(events[4]?.attributes, { image: 'web:1', name: 'web', signal: '15', tier: 'front' });
  assert.equal(events[5]?.attributes['execDuration'], '6');
  assert.equal(events[2]?.attributes, { container: ID, name: 'net', type: 'bridge' });
});

test('given a kill by the kernel, when only the exit tells it, then oom comes before die, and not twice', async () => {
  const events = await told((add) => {
    createNetworkAndContainer(add);
    startContainer(add);
    add('x', 'container.exited', { id: ID, exitCode: 137, oomKilled: true });
    startContainer(add);
    add('o', 'container.oom', { id: ID, kills: 1 });
    add('x', 'container.exited', { id: ID, exitCode: 137, oomKilled: true });
  });
  const actions = events.filter(({ type }) => type === 'container').map(({ action }) => action);
  assert.equal(actions, ['create', 'start', 'oom', 'die', 'start', 'oom', 'die']);
});

test('given a failed start, a refused create and a kill without a step, when they are told, then only the kill is an event', async () => {
  const events = await told((add) => {
    createNetworkAndContainer(add);
    add('f', 'container.start.requested', { decided: { id: ID, endpoints: [], sandbox: 'none' } });
    add('f', 'operation.step', { verb: 'container.start', step: 'storage.mount' });
    add('f', 'container.start.failed', {});
    add('g', 'container.create.requested', { decided: null });
    add('g', 'container.create.failed', {});
    add('k', 'container.kill.requested', { decided: { id: ID, signal: 9 } });
    add('k', 'container.kill.succeeded', {});
  });
  assert.equal(
    events.slice(2).map(({ action, attributes }) => [action, attributes['signal']]),
    [['kill', '9']],
  );
});

test('given a start that fails when the container was connected to a network, when it is told, then it came and went; one that fails before did not', async () => {
  const events = await told((add) => {
    createNetworkAndContainer(add);
    add('f', 'container.start.requested', { decided: { id: ID, endpoints: ENDPOINTS, sandbox: 'bridge' } });
    add('f', 'operation.step', { verb: 'container.start', step: 'network.attach net' });
    add('f', 'container.start.failed', {});
    add('g', 'container.start.requested', { decided: { id: ID, endpoints: ENDPOINTS, sandbox: 'bridge' } });
    add('g', 'container.start.failed', {});
    startContainer(add);
  });
  assert.equal(
    events.slice(2).map(({ type, action, attributes }) => `${type} ${action} ${attributes['name']}`),
    ['network connect net', 'network disconnect net', 'network connect net', 'container start web'],
  );
  assert.equal(events[2]?.attributes, { container: ID, name: 'net', type: 'bridge' });
});

test('given a removal and a prune of the same container, when they are told, then it is destroyed once', async () => {
  const events = await told((add) => {
    createNetworkAndContainer(add);
    add('d', 'container.remove.requested', { decided: { id: ID, kill: false, volumes: [] } });
    add('d', 'container.remove.succeeded', {});
    add('p', 'container.prune.requested', { decided: { ids: [ID] } }, 'engine');
    add('p', 'container.prune.succeeded', { removed: [ID], reclaimedBytes: 7 }, 'engine');
  });
  assert.equal(
    events.slice(2).map(({ action }) => action),
    ['destroy', 'prune'],
  );
  assert.equal(events.at(-1)?.attributes, { reclaimed: '7' });
});

test('given prunes, when they are told, then each network and volume that went is, and then the prune with what it reclaimed', async () => {
  const mounts = [{ type: 'volume', source: 'anonymous', target: '/data', readOnly: false }];
  const networks = ['n1', 'n2'].map((id) => ({ id, name: `name of ${id}` }));
  const events = await told((add) => {
    add('c', 'container.create.requested', { decided: { id: ID, name: 'web', spec: { ...spec, mounts }, imageId: 'i' } });
    add('c', 'container.create.succeeded', { warnings: [] });
    add('d', 'container.remove.requested', { decided: { id: ID, kill: false, volumes: [] } });
    add('d', 'container.remove.succeeded', {});
    add('v', 'volume.create.requested', { decided: { name: 'data', driver: 'nfs' } }, 'volume/data');
    add('v', 'volume.create.succeeded', {}, 'volume/data');
    for (const network of networks) {
      add(
        network.id,
        'network.create.requested',
        { decided: { ...network, driver: 'bridge', predefined: false } },
        `network/${network.id}`,
      );
      add(network.id, 'network.create.succeeded', {}, `network/${network.id}`);
    }
    add('p', 'volume.prune.requested', { decided: { names: ['anonymous', 'data', 'stays'] } }, 'engine');
    add('p', 'volume.prune.succeeded', { removed: ['anonymous', 'data'], reclaimedBytes: 7 }, 'engine');
    add('q', 'network.prune.requested', { decided: { networks } }, 'engine');
    add('q', 'network.prune.succeeded', { removed: ['n1'] }, 'engine');
    add('r', 'network.prune.requested', { decided: { networks } }, 'engine');
    add('r', 'network.prune.failed', {}, 'engine');
  });
  assert.equal(
    events.slice(-5).map(({ type, action, id, attributes }) => [type, action, id, attributes]),
    [
      ['volume', 'destroy', 'anonymous', { driver: 'local' }],
      ['volume', 'destroy', 'data', { driver: 'nfs' }],
      ['volume', 'prune', '', { reclaimed: '7' }],
      ['network', 'destroy', 'n1', { name: 'name of n1', type: 'bridge' }],
      ['network', 'prune', '', { reclaimed: '0' }],
    ],
  );
});

test('given a container with volumes, when it is created and removed with them, then those that came and went with it are told before it', async () => {
  const mounts = ['old', 'data', 'f'.repeat(64)].map((source) => ({
    type: 'volume' as const,
    source,
    target: `/${source}`,
    readOnly: false,
  }));
  const events = await told((add) => {
    add('v', 'volume.create.requested', { decided: { name: 'old', driver: 'local' } }, 'volume/old');
    add('v', 'volume.create.succeeded', {}, 'volume/old');
    add('a', 'container.create.requested', { decided: { id: ID, name: 'web', spec: { ...spec, mounts }, imageId: 'sha256:1' } });
    add('a', 'container.create.succeeded', { warnings: [] });
    add('d', 'container.remove.requested', { decided: { id: ID, kill: false, volumes: ['f'.repeat(64)] } });
    add('d', 'container.remove.succeeded', {});
    add('w', 'volume.remove.requested', { decided: { name: 'nobody' } }, 'volume/nobody');
    add('w', 'volume.remove.succeeded', {}, 'volume/nobody');
  });
  assert.equal(
    events.map(({ type, action, id }) => `${type} ${action} ${id.slice(0, 4)}`),
    [
      'volume create old',
      'volume create data',
      'volume create ffff',
      'container create cccc',
      'volume destroy ffff',
      'container destroy cccc',
    ],
  );
  assert.equal(events[2]?.attributes, { driver: 'local' });
});

test('given an exec session that ends before its start is an outcome, when they are told, then it starts first, and once', async () => {
  const events = await told((add) => {
    createNetworkAndContainer(add);
    startContainer(add);
    add('e', 'exec.create.requested', { decided: { id: 'e1', containerId: ID, spec: { command: ['true'] } } });
    add('e', 'exec.create.succeeded', {});
    add('s', 'exec.start.requested', { decided: { id: 'e1' } });
    add('x', 'exec.exited', { id: 'e1', containerId: ID, exitCode: 0 });
    add('s', 'exec.start.succeeded', {});
  });
  assert.equal(
    events.slice(-3).map(({ action }) => action),
    ['exec_create: true', 'exec_start: true', 'exec_die'],
  );
});

test('given an event of no one thing, when it is written as a line, then it has no legacy id, as in Docker', () => {
  const line = eventLine({ type: 'container', action: 'prune', id: '', attributes: { reclaimed: '0' }, time: '1' });
  assert.equal(Object.keys(JSON.parse(line) as object), ['status', 'Type', 'Action', 'Actor', 'scope', 'time', 'timeNano']);
});

test('given an event, when it is written as a line, then the nanoseconds are exact and the legacy fields first', () => {
  const line = eventLine({ type: 'container', action: 'start', id: 'x', attributes: { image: 'i' }, time: '1700000000123456789' });
  assert.is(
    line,
    '{"status":"start","id":"x","from":"i","Type":"container","Action":"start","Actor":{"ID":"x","Attributes":{"image":"i"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}\n',
  );
});

test('given filters, when events pass, then names match by prefix, exec actions too, labels all, images without tag', () => {
  const event: DockerEvent = {
    type: 'container',
    action: 'exec_start: sh -c x',
    id: 'abcdef',
    attributes: { name: 'web', image: 'web:1', tier: 'front' },
    time: '1',
  };
  const filtered = (filters: object): boolean => passes(event, Filters.parse(JSON.stringify(filters)));
  assert.ok(filtered({ event: ['exec_start'], container: ['abc'], label: ['tier=front', 'name'], image: ['web'], type: ['container'] }));
  assert.ok(filtered({ container: { we: true } }));
  assert.not(filtered({ event: ['exec'] }));
  assert.not(filtered({ label: ['tier=front', 'missing'] }));
  assert.not(filtered({ type: ['image'] }));
  assert.ok(filtered({ unknown: ['ignored'] }));
});

test('given reads of a container, when they are told, then copies out and exports are, as Docker does, whatever was to be mounted for them', async () => {
  const read = { ref: 'web', path: '/etc' };
  const events = await told((add) => {
    createNetworkAndContainer(add);
    add('1', 'container.stat.requested', { decided: { id: ID, path: '/etc', mounts: true } });
    add('1', 'container.stat.succeeded', {});
    add('2', 'container.archive.requested', { decided: { id: ID, path: '/etc', mounts: true } });
    add('2', 'container.archive.succeeded', { bytes: 1 });
    add('3', 'container.export.requested', { decided: { id: ID, mounts: true } });
    add('3', 'container.export.succeeded', { bytes: 1 });
    add('4', 'container.archive.requested', { decided: { id: ID, path: '/no', mounts: true } });
    add('4', 'container.archive.failed', {});
    add('5', 'content.read', { verb: 'container.archive', ...read });
    add('6', 'content.read', { verb: 'container.export', ref: 'web' });
    add('7', 'content.read', { verb: 'container.stat', ...read });
  });
  assert.equal(
    events.map(({ action }) => action),
    ['create', 'create', 'archive-path', 'export', 'archive-path', 'export'],
  );
});

test('given callers at a container, when they are told, then who attaches, leaves by keys or lists processes is, as Docker does, and who reads what was printed is not', async () => {
  const read = { ref: 'web' };
  const events = await told((add) => {
    createNetworkAndContainer(add);
    add('1', 'content.read', { verb: 'container.attach', ...read });
    add('2', 'content.read', { verb: 'container.logs', ...read });
    add('3', 'content.read', { verb: 'container.top', ...read });
    add('5', 'content.detached', {});
    add('6', 'content.detached', { exec: 'e1' });
  });
  assert.equal(
    events.slice(2).map(({ action, attributes }) => [action, attributes['execID']]),
    [
      ['attach', undefined],
      ['top', undefined],
      ['detach', undefined],
      ['exec_detach', 'e1'],
    ],
  );
});

test('given content that is taken out, when it is told, then an image that is saved is named by its id, as Docker does', async () => {
  const events = await told((add) => add('s', 'content.read', { verb: 'image.save', ref: 'web:1' }, 'image/sha256:1'));
  assert.equal(
    events.map(({ type, action, id, attributes }) => [type, action, id, attributes]),
    [['image', 'save', 'sha256:1', { name: 'sha256:1' }]],
  );
});

test.run();
