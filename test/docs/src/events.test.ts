import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { built, read } from './repository.ts';

const test = suite('documentation: events');
const page = await read('docs/events.md');
const rows = new Set(
  [...page.matchAll(/^\| (`[^|]+`) +\|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)),
);

test('given docs/events.md, when its verbs are compared with those the engine has, then they are the same', async () => {
  const { HANDLERS }: { readonly HANDLERS: { readonly [verb: string]: unknown } } = await import(
    built('core/engine/dist/operations/table.js')
  );
  const text = page.slice(page.indexOf('The verbs are'), page.indexOf('A refused request'));
  const written = [...text.matchAll(/`(\w+)\.`([a-z,\s]+)/g)].flatMap(([, noun = '', verbs = '']) =>
    verbs
      .split(',')
      .map((verb) => verb.trim())
      .filter((verb) => verb !== '')
      .map((verb) => `${noun}.${verb}`),
  );
  assert.equal(written.toSorted(), Object.keys(HANDLERS).toSorted());
});

test('given the envelope, when its fields are looked for in docs/events.md, then each has a row', async () => {
  const source = await read('core/contracts/src/envelope.ts');
  const envelope = source.slice(source.indexOf('export interface EventOf<'), source.indexOf('/** Any event; narrow'));
  const fields = [...envelope.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = '']) => name);
  assert.ok(fields.length > 15);
  assert.equal(
    fields.filter((field) => !rows.has(field)),
    [],
  );
});

test('given what is observed and what the engine says of itself, when looked for in docs/events.md, then each type has a row', async () => {
  const source = await read('core/contracts/src/events.ts');
  const text = source.slice(source.indexOf('export interface Observations'), source.indexOf('/** Every event type with'));
  const types = [...text.matchAll(/^ {2}'([a-z.]+)':/gm)].map(([, name = '']) => name);
  assert.ok(types.length > 5);
  assert.equal(
    types.filter((type) => !rows.has(type)),
    [],
  );
});

test.run();
