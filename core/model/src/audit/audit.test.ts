import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Actor, AuditRecord, ShiplogEvent } from '@shiplog/contracts';
import { syntheticLog } from '../testing/index.ts';
import { type AuditFilter, wants } from './audit-filter.ts';
import { AuditTrail } from './audit-trail.ts';

const test = suite('audit');

const EVENTS: readonly ShiplogEvent[] = [...syntheticLog(4000, { seed: 3, containers: 20 })].flatMap(({ events }) => [...events]);

test('given a log, when it is paired, then every intent is one record, with its outcome if it has one', () => {
  const trail = new AuditTrail();
  const records = EVENTS.flatMap((event) => trail.next(event) ?? []);
  const pending = trail.pending();
  const intents = EVENTS.filter(({ kind }) => kind === 'intent');
  assert.equal(
    [...records, ...pending].map(({ seq }) => seq).toSorted((a, b) => a - b),
    intents.map(({ seq }) => seq),
  );
  for (const { seq, outcome = 0, status, op, verb } of records) {
    const [intent, result] = [EVENTS[seq], EVENTS[outcome]];
    assert.equal([intent?.op, result?.op, `${verb}.requested`, status], [op, op, intent?.type, result?.result?.status]);
  }
  for (const { status } of pending) assert.is(status, 'pending');
  assert.is(trail.settled, pending.length === 0);
});

test('given a part of a log, when it is paired, then outcomes of earlier intents say nothing', () => {
  const start = EVENTS.findIndex(({ kind }) => kind === 'outcome');
  const trail = new AuditTrail();
  assert.is(trail.next(EVENTS[start] as ShiplogEvent), undefined);
});

test('given reads of the log, when they are paired, then each is a record of its own, with the range and what was asked for', () => {
  const read = { ...EVENTS[0], type: 'log.read', kind: 'meta', stream: 'engine' };
  const of = (data: object): unknown => new AuditTrail().next({ ...read, data } as ShiplogEvent)?.read;
  const [all, some] = [
    { from: 0, follow: true, filters: {} },
    { from: 3, to: 9, follow: false, filters: { type: ['container.*'] } },
  ];
  assert.equal(of(all), { from: 0, follow: true });
  assert.equal(of(some), some);
});

test('given content that was taken out, when it is paired, then it is a record of its own, of the object whose content it is', () => {
  const read = { ...EVENTS[0], type: 'content.read', kind: 'meta', stream: 'image/sha256:1', data: { verb: 'image.save', ref: 'web:1' } };
  const { verb, object, ref, status } = new AuditTrail().next(read as ShiplogEvent) ?? {};
  assert.equal([verb, object, ref, status], ['image.save', 'image/sha256:1', 'web:1', 'ok']);
  const error = { code: 'PATH_NOT_FOUND', message: 'no' } as const;
  const data = { verb: 'container.archive', ref: 'web', path: '/etc' };
  const missed = { ...read, stream: 'container/1', data, result: { status: 'failed', ms: 0, error } } as ShiplogEvent;
  const record = new AuditTrail().next(missed);
  assert.equal([record?.verb, record?.path, record?.status, record?.error], ['container.archive', '/etc', 'failed', error]);
});

test('given callers at a process, and logins, when they are paired, then each is a record with what passed, or where and as whom', () => {
  const event = (type: string, stream: string, data: object, more: object = {}): ShiplogEvent =>
    ({ ...EVENTS[0], type, kind: 'meta', stream, data, ...more }) as ShiplogEvent;
  const attached = new AuditTrail().next(
    event('content.read', 'container/1', { verb: 'container.attach', ref: 'web', streams: ['stdin', 'stdout'] }),
  );
  assert.equal(
    [attached?.verb, attached?.object, attached?.streams, attached?.status],
    ['container.attach', 'container/1', ['stdin', 'stdout'], 'ok'],
  );
  const result = { status: 'refused', ms: 7, error: { code: 'REGISTRY_DENIED', message: 'no' } };
  const login = new AuditTrail().next(event('registry.login', 'engine', { registry: 'r:5000', username: 'alice' }, { result }));
  assert.equal(
    [login?.verb, login?.object, login?.target, login?.status, login?.error?.code, login?.ms],
    ['registry.login', 'registry/r:5000', 'user/alice', 'refused', 'REGISTRY_DENIED', 7],
  );
  const asked = new AuditTrail().next(event('registry.inspect', 'engine', { registry: 'r:5000', ref: 'r:5000/app' }, { result }));
  assert.equal([asked?.verb, asked?.object, asked?.ref, asked?.status], ['registry.inspect', 'registry/r:5000', 'r:5000/app', 'refused']);
});

test('given an exec session, when it is made, then the record has what is to run; one that could not be read has none', () => {
  for (const [args, command] of [
    [{ container: 'web', spec: { command: ['sh', '-c', '[sealed:0:ab]'] } }, ['sh', '-c', '[sealed:0:ab]']],
    [null, undefined],
  ] as const) {
    const trail = new AuditTrail();
    trail.next({ ...EVENTS[0], op: 'x', kind: 'intent', type: 'exec.create.requested', data: { args, decided: null } } as never);
    assert.equal(trail.next({ ...EVENTS[0], op: 'x', kind: 'outcome', type: 'exec.create.failed', data: {} } as never)?.command, command);
  }
});

test('given requests that were refused before they became anything, when they are paired, then each is a record of its own', () => {
  const error = { code: 'NOT_FOUND', message: 'page not found' };
  const refused = { ...EVENTS[0], type: 'request.refused', kind: 'meta', stream: 'engine', result: { status: 'refused', ms: 0, error } };
  for (const [data, verb, object] of [
    [{}, 'request.refused', 'engine'],
    [{ verb: 'log.read' }, 'log.read', 'log'],
    [{ verb: 'image.save' }, 'image.save', 'engine'],
  ] as const) {
    const record = new AuditTrail().next({ ...refused, data } as ShiplogEvent);
    assert.equal([record?.verb, record?.object, record?.status, record?.error], [verb, object, 'refused', error]);
  }
});

test('given what else was named, and images that came of an act, when it is paired, then they are told', () => {
  const told = (type: string, args: object, data: object = {}, decided: object | null = null) => {
    const trail = new AuditTrail();
    trail.next({ ...EVENTS[0], op: 'x', stream: 'engine', kind: 'intent', type: `${type}.requested`, data: { args, decided } } as never);
    const { target, images } = trail.next({ ...EVENTS[0], op: 'x', kind: 'outcome', type: `${type}.succeeded`, data } as never) ?? {};
    return [target, images];
  };
  assert.equal(told('container.rename', { container: 'web', name: 'shop' }), ['container/shop', undefined]);
  assert.equal(told('image.tag', { image: 'a:1', reference: 'b:1' }), ['image/b:1', undefined]);
  assert.equal(told('image.tag', { image: 'a:1', reference: 'docker.io/library/b:1' }, {}, { reference: 'b:1' }), ['image/b:1', undefined]);
  assert.equal(told('image.build', {}, { image: 'sha256:2' }, { references: ['b:1'] }), [undefined, [{ id: 'sha256:2', tags: ['b:1'] }]]);
  assert.equal(told('network.connect', { network: 'back', container: 'web' }), ['network/back', undefined]);
  assert.equal(told('network.disconnect', { network: 'back', container: 'web' }), ['network/back', undefined]);
  assert.equal(told('image.load', {}, { images: [{ manifest: { id: 'sha256:1' }, tags: ['a:1'] }] }), [
    undefined,
    [{ id: 'sha256:1', tags: ['a:1'] }],
  ]);
  assert.equal(told('container.rename', { container: 'web' }), [undefined, undefined]);
});

test('given prunes, when they are paired, then what went is told, and of one that found nothing nothing', () => {
  const told = (kind: string, decided: object, data: object): unknown => {
    const trail = new AuditTrail();
    const type = `${kind}.prune`;
    const [intent, outcome] = [
      { ...EVENTS[0], op: 'x', stream: 'engine' },
      { ...EVENTS[0], op: 'x' },
    ];
    trail.next({ ...intent, kind: 'intent', type: `${type}.requested`, data: { args: {}, decided } } as never);
    const record = trail.next({ ...outcome, kind: 'outcome', type: `${type}.succeeded`, data } as never);
    return [record?.object, record?.removed];
  };
  assert.equal(told('container', { ids: ['1'] }, { removed: ['1'], reclaimedBytes: 0 }), ['engine', ['container/1']]);
  assert.equal(told('network', { networks: [{ id: '1', name: 'a' }] }, { removed: ['1'] }), ['engine', ['network/1']]);
  assert.equal(told('volume', { names: ['a', 'b'] }, { removed: ['b'], reclaimedBytes: 0 }), ['engine', ['volume/b']]);
  const removals = [
    { id: 'sha256:1', remove: true },
    { id: 'sha256:2', remove: false },
  ];
  assert.equal(told('image', { removals }, { reclaimedBytes: 0 }), ['engine', ['image/sha256:1']]);
  assert.equal(told('volume', { names: [] }, { removed: [], reclaimedBytes: 0 }), ['engine', undefined]);
});

const RECORD: AuditRecord = {
  seq: 1,
  time: '1',
  op: 'o',
  corr: 'c',
  verb: 'container.remove',
  object: `container/${'0123456789ab'.padEnd(64, '0')}`,
  ref: 'web',
  actor: { scheme: 'system', reason: '' },
  strength: 'kernel',
  status: 'refused',
  target: 'network/back',
  images: [{ id: `sha256:${'fedcba9876543210'.padEnd(64, '0')}`, tags: ['shop:1', 'shop:2'] }],
  removed: [`network/${'abcdefabcdef'.padEnd(64, '0')}`, 'volume/kept-data'],
  via: { method: 'DELETE', route: '/containers/{id}', agent: 'docker/1' },
};
const SEALED: Actor = { scheme: 'sealed', was: 'unix', subject: 'f00d', box: '' };
const ROOT: Actor = { scheme: 'unix', uid: 0, gid: 0, pid: 1, loginuid: 1000 };
const ALICE: Actor = { scheme: 'tls', subject: String.raw`O=A\,B,CN=alice`, names: ['DNS:a'], fingerprint: '', address: '10.0.0.1:5' };
const NONE: AuditFilter = { uid: [], user: [], subject: [], verb: [], object: [], called: new Set(), status: [], via: [] };

const FILTERS: readonly (readonly [filter: Partial<AuditFilter>, actor: Actor, wanted: boolean])[] = [
  [{}, ROOT, true],
  [{ uid: [0] }, ROOT, true],
  [{ uid: [5, 1000] }, ROOT, true],
  [{ uid: [5] }, ROOT, false],
  [{ uid: [0] }, ALICE, false],
  [{ user: ['CN=alice'] }, ALICE, true],
  [{ user: ['B'] }, ALICE, false],
  [{ user: ['DNS:a'] }, ALICE, true],
  [{ user: ['10.0.0.1*'] }, { scheme: 'tcp', address: '10.0.0.1:5' }, true],
  [{ user: ['CN=alice'] }, ROOT, false],
  [{ subject: ['f00d'] }, ROOT, true],
  [{ subject: ['beef'] }, ROOT, false],
  [{ verb: ['container.*'] }, ROOT, true],
  [{ verb: ['container'] }, ROOT, false],
  [{ object: ['web'] }, ROOT, true],
  [{ object: ['0123456789ab'] }, ROOT, true],
  [{ object: ['container/0123456789ab'] }, ROOT, true],
  [{ object: ['image/*'] }, ROOT, true],
  [{ object: ['exec/*'] }, ROOT, false],
  [{ object: ['volume/*'] }, ROOT, true],
  [{ object: ['kept-data'] }, ROOT, true],
  [{ object: ['volume/kept-data'] }, ROOT, true],
  [{ object: ['network/kept-data'] }, ROOT, false],
  [{ object: ['abcdefabcdef'] }, ROOT, true],
  [{ object: ['gone'], called: new Set([`network/${'abcdefabcdef'.padEnd(64, '0')}`]) }, ROOT, true],
  [{ object: ['container/web'] }, ROOT, true],
  [{ object: ['back'] }, ROOT, true],
  [{ object: ['network/back'] }, ROOT, true],
  [{ object: ['container/back'] }, ROOT, false],
  [{ object: ['net'], called: new Set(['network/back']) }, ROOT, true],
  [{ object: ['shop:2'] }, ROOT, true],
  [{ object: ['image/shop:1'] }, ROOT, true],
  [{ object: ['fedcba987654'] }, ROOT, true],
  [{ object: ['shop'] }, ROOT, false],
  [{ object: ['old'], called: new Set([RECORD.object]) }, ROOT, true],
  [{ object: ['old'], called: new Set(['container/f']) }, ROOT, false],
  [{ status: ['failed', 'refused'] }, ROOT, true],
  [{ status: ['ok'] }, ROOT, false],
  [{ via: ['unix'] }, ROOT, true],
  [{ via: ['unix'] }, { scheme: 'erased', was: 'unix', subject: 'f00d' }, true],
  [{ via: ['tls'] }, ROOT, false],
  [{ via: ['DELETE /containers*'] }, ROOT, true],
  [{ via: ['docker/*'] }, ROOT, true],
  [{ uid: [0], verb: ['image.*'] }, ROOT, false],
];

for (const [filter, actor, wanted] of FILTERS) {
  test(`given the filter ${JSON.stringify(filter)} and a ${actor.scheme} caller, when a record comes, then it is ${wanted ? '' : 'not '}wanted`, () => {
    assert.is(wants({ ...NONE, ...filter }, RECORD, SEALED, actor), wanted);
  });
}

test.run();
