import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { createContext, type DriverFamilies, type OperationContext, VERB_TABLES, type VerbKind, type VerbTable } from '@shiplog/contracts';
import { checkAnswer } from '@shiplog/contracts/check';
import type { TestFunction } from '../in-lab.ts';

/** A driver under test, and what its verbs are called with. */
export interface VerbFixture<K extends VerbKind> {
  readonly driver: DriverFamilies[K];
  /** Arguments by verb, about one resource that is there for nobody else; verbs that are absent are not called. */
  readonly args: { readonly [verb: string]: object };
  /** Called at the end, failed or not. */
  cleanup(): Promise<void>;
}

export interface VerbSuite<K extends VerbKind> {
  readonly test: TestFunction;
  readonly kind: K;
  readonly name: string;
  /** Makes a fresh driver; called for every check. */
  readonly factory: () => Promise<VerbFixture<K>>;
}

type Call = (verb: string, ctx?: OperationContext) => Promise<unknown>;

/**
 * What every driver of every family promises, read off its verb table: answers of the right shape, that are plain data, the same when
 * a verb is repeated, one after the other and side by side; and undoing what is not there. Verbs are called in the table's order.
 */
export function verbSuite<K extends VerbKind>({ test, kind, name, factory }: VerbSuite<K>): void {
  const table: VerbTable = VERB_TABLES[kind];
  const undoers = new Set(Object.values(table).flatMap(({ undo }) => undo ?? []));

  const check = (title: string, body: (call: Call, verbs: readonly string[], fixture: VerbFixture<K>) => Promise<void>): void =>
    test(`${kind}/${name}: ${title}`, async () => {
      const fixture = await factory();
      const call: Call = async (verb, ctx = context()) => {
        const args = fixture.args[verb];
        if (args === undefined) throw new Error(`there are no arguments for ${verb}`);
        const method: unknown = fixture.driver[verb as keyof DriverFamilies[K]];
        if (typeof method !== 'function') throw new Error(`the driver has no verb ${verb}`);
        const answer: unknown = await method.call(fixture.driver, args, ctx);
        checkAnswer(kind, name, verb, answer);
        return answer;
      };
      try {
        await body(
          call,
          Object.keys(table).filter((verb) => verb in fixture.args),
          fixture,
        );
      } finally {
        await fixture.cleanup();
      }
    });

  check(
    'given every verb of its table, when they are called in order, then each answers what its contract says, as plain data',
    async (call, verbs) => {
      assert.ok(verbs.length > 0, 'the fixture has no arguments for any verb');
      for (const verb of verbs) {
        const answer = await call(verb);
        assert.deepEqual(JSON.parse(JSON.stringify(answer)), answer, `${verb} answers what JSON would change`);
      }
    },
  );

  check('given every verb, when it is repeated, then it answers the same', async (call, verbs) => {
    for (const verb of verbs) assert.deepEqual(await call(verb), await call(verb), `${verb} answers differently when it is repeated`);
  });

  check('given every verb, when it is called five times side by side, then all succeed', async (call, verbs) => {
    for (const verb of verbs) await Promise.all(Array.from({ length: 5 }, () => call(verb)));
  });

  check('given nothing, when it is undone, then that succeeds, twice', async (call, verbs) => {
    for (const verb of verbs) if (undoers.has(verb)) for (let time = 0; time < 2; time += 1) await call(verb);
  });

  check('given a verb that was done, when it is undone and done again, then that succeeds', async (call, verbs) => {
    for (const verb of verbs) {
      const undo = table[verb]?.undo;
      await call(verb);
      if (undo === undefined || !verbs.includes(undo)) continue;
      await call(undo);
      await call(verb);
    }
  });

  check('given a call that is canceled before it begins, when the same is called again, then that succeeds', async (call, verbs) => {
    for (const verb of verbs) {
      const canceled = createContext({ op: operation(), signal: AbortSignal.abort() });
      // It may refuse, or be done already: both are right. What counts is what it leaves.
      await call(verb, canceled).catch(() => undefined);
      await call(verb);
    }
  });

  if (kind === 'authorizer' || kind === 'projection') return;

  check(
    'given what it holds, when it is asked, then it tells resources with their ids, and the same twice',
    async (call, verbs, { driver }) => {
      for (const verb of verbs) await call(verb);
      const { observe } = driver as { observe(): Promise<readonly { readonly resource: string; readonly id: string }[]> };
      const seen = await observe.call(driver);
      for (const { resource, id } of seen) assert.ok(typeof resource === 'string' && typeof id === 'string' && id !== '');
      assert.deepEqual(await observe.call(driver), seen);
    },
  );
}

function context(): OperationContext {
  return createContext({ op: operation(), signal: AbortSignal.timeout(60_000) });
}

function operation(): string {
  return randomBytes(8).toString('hex');
}
