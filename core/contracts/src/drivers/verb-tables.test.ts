import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '../errors.ts';
import { checkAnswer, checkArgs } from './check.ts';
import { VERB_TABLES, type VerbKind } from './families.ts';
import { simulateDriver, simulateVerb } from './simulate.ts';
import { createContext } from './context.ts';
import type { VerbTable } from './verb.ts';

const test = suite('verb tables');
const kinds = Object.keys(VERB_TABLES) as VerbKind[];
const code = (wanted: string) => (error: unknown) => error instanceof ShiplogError && error.code === wanted;

/** Arguments that any verb can be simulated with: those a simulation looks at. */
const ARGS = { id: 'a', key: 'a', path: '/a', diffId: 'sha256:a', count: 3, avoid: [49_154], from: 4, events: [{}, {}], query: {} };

test('given every verb, when it is simulated, then the answer fits its contract', () => {
  for (const kind of kinds)
    for (const verb of Object.keys(VERB_TABLES[kind])) checkAnswer(kind, 'simulated', verb, simulateVerb(kind, verb, ARGS));
});

test('given a verb with an undo, when the undo is looked up, then it is a verb of the same family', () => {
  for (const kind of kinds) {
    const table: VerbTable = VERB_TABLES[kind];
    for (const [verb, { undo }] of Object.entries(table)) if (undo !== undefined) assert.ok(table[undo], `${kind}.${verb}: ${undo}`);
  }
});

test('given an answer of another shape, when it is checked, then the field is named', () => {
  assert.throws(
    () => checkAnswer('storage', 'mine', 'mount', { mounts: [{ type: 'bind' }] }),
    (error: unknown) => code('DRIVER_FAILED')(error) && /storage\/mine.*\/mounts\/0\/source/.test(String(error)),
  );
  assert.throws(() => checkAnswer('volume', 'mine', 'remove', 'done'), code('DRIVER_FAILED'));
  assert.throws(() => checkAnswer('volume', 'mine', 'remove', undefined), code('DRIVER_FAILED'));
});

test('given arguments that do not fit, when they are checked, then they are refused', () => {
  assert.throws(() => checkArgs('storage', 'prepare', { key: '../up' }), code('REQUEST_INVALID'));
  assert.not.throws(() => checkArgs('storage', 'prepare', { key: 'sha256:abc', parent: 'x' }));
  assert.throws(() => checkArgs('storage', 'fly', {}), code('REQUEST_INVALID'));
});

test('given a simulated driver, when its verbs are called, then each is told and answers', async () => {
  const told: string[] = [];
  const driver = simulateDriver('network', (verb) => told.push(verb));
  const ctx = createContext({ op: 'op1', signal: new AbortController().signal });
  assert.equal(await driver.freePorts({ count: 2, avoid: [49_153] }, ctx), { ports: [49_154, 49_155] });
  assert.equal(await driver.observe(), []);
  assert.equal(told, ['freePorts']);
});

test.run();
