import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Authorizer, DriverInfo } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from '../ports.ts';
import { CALLER, eventsOf, SimDisk, simEngine } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';
import { withAuthorizer } from '../testing/with-authorizer.ts';

const test = suite('authorizers');

/** The simulated world with one authorizer beside its drivers. */
const judgedBy = (authorizer: Authorizer, more: Partial<DriverInfo> = {}): Drivers =>
  withAuthorizer(new SimWorld().drivers(), authorizer, more);

const VOLUME = { driver: 'sim', options: {}, labels: {} };

test('given an authorizer that denies, when a client asks, then nothing is done, and intent, verdict and outcome are recorded together', async () => {
  const asked: string[] = [];
  const drivers = judgedBy({
    async authorize({ type, decided, actor }) {
      asked.push(`${type} ${(decided as { name: string }).name} ${(actor as { uid: number }).uid}`);
      return { effect: 'deny', rule: 'no-volumes', reason: 'volumes are not allowed here' };
    },
  });
  const engine = await simEngine(new SimWorld(), new SimDisk(), drivers);
  assert.is(await codeOf(engine.execute('volume.create', { name: 'data', ...VOLUME }, CALLER)), 'REQUEST_DENIED');
  assert.equal(asked, ['volume.create data 1000']);
  assert.is((await engine.view()).volumes.size, 0);
  const [intent, verdict, outcome] = (await eventsOf(engine)).slice(-3);
  assert.is(intent?.type, 'volume.create.requested');
  assert.is(verdict?.type === 'operation.authorized' && verdict.data.verdicts[0]?.rule, 'no-volumes');
  assert.is(outcome?.result?.status, 'refused');
  assert.is(outcome?.result?.error?.code, 'REQUEST_DENIED');
  assert.match(outcome?.result?.error?.message ?? '', 'volumes are not allowed here');
  await engine.stop('test');
});

test('given an authorizer that allows, when a client asks, then it is done, and the verdict is recorded', async () => {
  const engine = await simEngine(new SimWorld(), new SimDisk(), judgedBy({ authorize: async () => ({ effect: 'allow', rule: 'all' }) }));
  await engine.execute('volume.create', { name: 'data', ...VOLUME }, CALLER);
  assert.is((await engine.view()).volumes.size, 1);
  const types = (await eventsOf(engine)).map(({ type }) => type).slice(-4);
  assert.equal(types, ['volume.create.requested', 'operation.authorized', 'operation.step', 'volume.create.succeeded']);
  await engine.stop('test');
});

/** Deadlines alone do not keep a process. */
const alive = setInterval(() => undefined, 1000);
test.after(() => clearInterval(alive));

test('given an authorizer that throws, lies or is late, when a client asks, then its failure policy decides, and the failure is recorded', async () => {
  const failing: readonly Authorizer[] = [
    { authorize: () => Promise.reject(new Error('broken')) },
    { authorize: async () => ({ effect: 'perhaps' }) as never },
    { authorize: () => new Promise(() => undefined) },
  ];
  for (const authorizer of failing) {
    for (const failurePolicy of ['closed', 'open'] as const) {
      const drivers = judgedBy(authorizer, { failurePolicy, deadlines: { authorize: 20 } });
      const engine = await simEngine(new SimWorld(), new SimDisk(), drivers);
      const code = await codeOf(engine.execute('volume.create', { name: 'data', ...VOLUME }, CALLER));
      assert.is(code, failurePolicy === 'open' ? 'none' : 'REQUEST_DENIED');
      const verdict = (await eventsOf(engine)).find(({ type }) => type === 'operation.authorized');
      assert.ok(verdict?.type === 'operation.authorized' && (verdict.data.verdicts[0]?.failure ?? '').length > 0);
      await engine.stop('test');
    }
  }
});

test('given what another client does while an authorizer thinks, when it is decided again, then the changed intent is judged again', async () => {
  const judged: unknown[] = [];
  const wait = Promise.withResolvers<void>();
  const drivers = judgedBy({
    async authorize({ type, decided }) {
      if (type === 'network.create') {
        judged.push((decided as { subnet: string }).subnet);
        if (judged.length === 1) await wait.promise;
      }
      return { effect: 'allow' };
    },
  });
  const engine = await simEngine(new SimWorld(), new SimDisk(), drivers);
  const create = (name: string) =>
    engine.execute('network.create', { name, driver: 'bridge', internal: false, options: {}, labels: {} }, CALLER);
  const first = create('one');
  while (judged.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await create('two');
  wait.resolve();
  await first;
  assert.is(judged.length, 3);
  assert.is.not(judged[2], judged[0]);
  const subnets = [...(await engine.view()).networks.values()].map(({ subnet }) => subnet).filter((subnet) => subnet !== '');
  assert.is(new Set(subnets).size, subnets.length);
  await engine.stop('test');
});

test.run();
