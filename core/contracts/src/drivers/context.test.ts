import { rejects } from 'node:assert/strict';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '../errors.ts';
import type { Json } from '../json.ts';
import { createContext, type StepJournal } from './context.ts';

const test = suite('operation context');

function aJournal(): StepJournal & { readonly records: Map<string, { readonly value?: Json }> } {
  const records = new Map<string, { readonly value?: Json }>();
  return {
    records,
    find: async (step) => records.get(step),
    record: async (step, value) => void records.set(step, value === undefined ? {} : { value }),
  };
}

const signal = new AbortController().signal;

test('given a call that was cut off after two steps, when it is made again, then it goes on at the first missing one with what was recorded', async () => {
  const journal = aJournal();
  const done: string[] = [];
  const verb = async (failAt: string) => {
    const ctx = createContext({ op: 'op1', signal, journal });
    const step = <T extends Json | void>(name: string, value: T) =>
      ctx.step(name, () => {
        if (name === failAt) throw new Error('cut off');
        done.push(name);
        return value;
      });
    return [await step('token', `random-${done.length}`), await step('nothing', undefined), await step('publish', 7)];
  };
  await rejects(verb('publish'), /cut off/);
  assert.equal(await verb(''), ['random-0', undefined, 7]);
  assert.equal(done, ['token', 'nothing', 'publish']);
});

test('given an aborted signal, when a step would begin, then it does not, and the reason is thrown', async () => {
  const journal = aJournal();
  const aborted = AbortSignal.abort(new ShiplogError('DEADLINE_EXCEEDED', 'too long'));
  const ctx = createContext({ op: 'op1', signal: aborted, journal });
  await rejects(
    ctx.step('one', () => 1),
    (error: unknown) => error instanceof ShiplogError && error.code === 'DEADLINE_EXCEEDED',
  );
  assert.is(journal.records.size, 0);
});

test('given an answer that is too large for the log, when the step ends, then it fails and is not recorded', async () => {
  const journal = aJournal();
  const ctx = createContext({ op: 'op1', signal, journal });
  await rejects(
    ctx.step('large', () => 'x'.repeat(20_000)),
    (error: unknown) => error instanceof ShiplogError && error.code === 'DRIVER_FAILED',
  );
  assert.is(journal.records.size, 0);
});

test.run();
