import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Actor, Caller, ContentRead, LogRead, ReadLevel, ReadVerb } from '@shiplog/contracts';
import { EngineCore } from '../core.ts';
import type { EngineParts } from '../ports.ts';
import { Reads } from './reads.ts';

const test = suite('reads');

const SYSTEM: Actor = { scheme: 'system', reason: 'test' };
const PLAIN: LogRead = { from: 3, to: 9, follow: false };

/** What is recorded of reads of a route. */
function recorder(readLevels: { readonly [route: string]: ReadLevel } = {}) {
  const recorded: { readonly type: string; readonly data: unknown }[] = [];
  let ops = 0;
  const parts = {
    readLevels,
    identities: { op: () => `op${(ops += 1)}`, hex: () => 'f'.repeat(64) },
    clock: { now: () => '1', mono: () => '1' },
  } as unknown as EngineParts;
  const ledger = {
    append: ({ events }: { readonly events: typeof recorded }) => (recorded.push(...events), { durable: Promise.resolve() }),
  };
  const reads = new Reads(new EngineCore(parts, ledger as never));
  const caller = (route: string): Caller => ({ actor: SYSTEM, req: { method: 'GET', route } });
  return {
    recorded,
    read: (route: string, read: LogRead = PLAIN) => reads.record(read, caller(route)),
    take: (route: string, taken: readonly ContentRead[]) => reads.recordContent(taken, caller(route)),
    refuse: (route: string, verb?: ReadVerb) => reads.refuse(verb, new Error('no such https://me:hunter2@host'), caller(route)),
  };
}

const CASES: readonly (readonly [route: string, read: LogRead, levels: { readonly [route: string]: ReadLevel }, recorded: boolean])[] = [
  ['/events', PLAIN, {}, true],
  ['/shiplog/v1/audit', PLAIN, {}, true],
  ['/shiplog/v1/info', PLAIN, {}, false],
  ['/containers/json', PLAIN, {}, false],
  ['/containers/json', { ...PLAIN, past: true }, {}, true],
  ['/containers/json', { ...PLAIN, past: true }, { 'GET /containers/*': 'none' }, false],
  ['/containers/json', PLAIN, { 'GET /containers/*': 'metadata' }, true],
  ['/containers/{id}/json', PLAIN, { 'GET /containers/json': 'metadata' }, false],
  ['/events', PLAIN, { 'GET /events': 'none' }, false],
];

for (const [route, read, levels, recorded] of CASES) {
  test(`given the levels ${JSON.stringify(levels)}, when GET ${route} reads ${read.past === true ? 'the past' : 'what is now'}, then it is ${recorded ? '' : 'not '}recorded`, async () => {
    const { recorded: events, read: ask } = recorder(levels);
    await ask(route, read);
    assert.equal(
      events,
      recorded ? [{ stream: 'engine', type: 'log.read', kind: 'meta', data: { from: 3, to: 9, follow: false, filters: {} } }] : [],
    );
  });
}

test('given filters, when a read is recorded, then those that name a person or hold a secret are kept without it', async () => {
  const { recorded, read } = recorder();
  await read('/events', {
    ...PLAIN,
    filters: { uid: ['1000'], user: ['CN=alice'], verb: ['image.*'], stream: [], label: ['password=hunter2'] },
  });
  const filters = {
    uid: [],
    user: [],
    verb: ['image.*'],
    label: ['password=[redacted]'],
  };
  assert.equal(
    recorded.map(({ data }) => data),
    [{ from: 3, to: 9, follow: false, filters }],
  );
});

test('given a reader that follows, when it goes, then how far it came is recorded, and of others nothing more', async () => {
  const { recorded, read } = recorder();
  await (await read('/events', { from: 3, follow: true })).end(12);
  await (await read('/events')).end(9);
  assert.equal(
    recorded.map(({ type }) => type),
    ['log.read', 'log.read.ended', 'log.read'],
  );
  assert.equal(recorded[1]?.data, { last: 12 });
});

test('given content that is taken out, when it is recorded, then each object has an event in its own stream, and none where the operator wants none', async () => {
  const taken = { verb: 'image.save', ref: 'web:1' } as const;
  const quiet = recorder({ 'GET /images/*': 'none' });
  await quiet.take('/images/{name*}/get', [{ ...taken, stream: 'image/sha256:1' }]);
  assert.equal(quiet.recorded, []);
  const { recorded, take } = recorder();
  await take('/images/get', [
    { ...taken, stream: 'image/sha256:1' },
    { ...taken, stream: 'image/sha256:2' },
  ]);
  await take('/images/get', []);
  assert.equal(
    recorded,
    ['image/sha256:1', 'image/sha256:2'].map((stream) => ({ stream, type: 'content.read', kind: 'meta', data: taken })),
  );
});

test('given requests that are refused, when they are recorded, then with the error less its secrets, and of reads none where the operator wants none', async () => {
  const { recorded, refuse } = recorder({ 'GET /events': 'none' });
  await refuse('/events', 'log.read');
  assert.equal(recorded, []);
  for (const verb of ['log.read', undefined] as const) {
    const told = await refuse('/nowhere', verb);
    assert.not.match(told.message, 'hunter2');
    const result = { status: 'refused', ms: 0, error: told.toRecord() };
    assert.equal(recorded.pop(), {
      stream: 'engine',
      type: 'request.refused',
      kind: 'meta',
      data: verb === undefined ? {} : { verb },
      result,
    });
  }
});

test.run();
