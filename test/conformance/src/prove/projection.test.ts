import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Projection } from '@shiplog/contracts';
import { defineDriver, definePlugin, foldProjection } from '@shiplog/driver-kit';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { proveProjection } from './projection.ts';

const test = suite('projections that are proven');

const counting = (): Projection =>
  foldProjection<{ count: number }>({
    initial: () => ({ count: 0 }),
    apply: (state) => ({ count: state.count + 1 }),
    view: (state) => state,
  });

/** Checks that fail, by the last words of their names. */
async function failing(create: () => Projection): Promise<readonly string[]> {
  const plugin = definePlugin({
    manifest: { name: 'counts', version: '1.0.0', api: [1] },
    drivers: [defineDriver({ manifest: { kind: 'projection', name: 'counts', capabilities: {}, needs: {}, doc: 'Counts.' }, create })],
  });
  const checks: { readonly name: string; readonly body: () => Promise<void> }[] = [];
  proveProjection((name, body) => void checks.push({ name, body }), { plugin, kernel: createRecordingKernel() }, 'counts');
  const failed: string[] = [];
  for (const { name, body } of checks) await body().catch(() => failed.push(name.replace(/^.*, then /, '')));
  return failed;
}

test('given a fold as it is to be, when it is proven, then all holds', async () => {
  assert.equal(await failing(counting), []);
});

test('given one that does not begin anew where that is asked, when it is proven, then that check fails', async () => {
  const wrong = (): Projection => {
    const right = counting();
    return { ...right, fold: ({ from, events }, ctx) => right.fold({ from, events }, ctx) };
  };
  assert.equal(await failing(wrong), ['it shows what one shows that never knew them']);
});

test('given one that counts what it is told twice, when it is proven, then that check fails', async () => {
  const wrong = (): Projection => {
    let [count, next] = [0, 0];
    return {
      async fold({ from, events, anew }) {
        if (from === 0 || anew === true) [count, next] = [0, from];
        if (from <= next) [count, next] = [count + events.length, from + events.length];
        return { seq: next - 1 };
      },
      view: async () => ({ view: { count } }),
    };
  };
  assert.equal(await failing(wrong), ['each counts once and the answer says where it is']);
});

test.run();
