import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatBytes, formatMemory } from './bytes.ts';
import { humanAgo, humanDuration } from './human-time.ts';
import { barText } from './progress-bar.ts';
import { renderTable } from './table.ts';
import { compileTemplate } from './template.ts';

const test = suite('format');
const HOUR = 3_600_000;

test('given lengths of time, when told to people, then the unit fits', () => {
  const cases: readonly (readonly [number, string])[] = [
    [10, 'Less than a second'],
    [1000, '1 second'],
    [59_000, '59 seconds'],
    [60_000, 'About a minute'],
    [180_000, '3 minutes'],
    [HOUR, 'About an hour'],
    [47 * HOUR, '47 hours'],
    [49 * HOUR, '2 days'],
    [15 * 24 * HOUR, '2 weeks'],
    [90 * 24 * HOUR, '3 months'],
    [800 * 24 * HOUR, '2 years'],
  ];
  for (const [ms, text] of cases) assert.is(humanDuration(ms), text);
  assert.is(humanAgo(5, 1), 'just now');
});

test('given bytes, when told, then three digits and a unit say it', () => {
  assert.equal([0, 999, 1000, 4_261_502, 1e9].map(formatBytes), ['0B', '999B', '1kB', '4.26MB', '1GB']);
  assert.is(formatMemory(2 ** 31), '2GiB');
});

test('given rows of different widths, when rendered, then columns line up and lines end without blanks', () => {
  assert.is(
    renderTable([
      ['a', 'bb'],
      ['ccc…', ''],
      ['d', 'e'],
    ]),
    'a      bb\nccc…\nd      e',
  );
});

test('given templates, when compiled, then fields, functions and escapes work, and others are refused by name', () => {
  const value = { Name: 'web', State: { Code: 0 }, Labels: { 'a.b': 'c' }, List: [1, 2] };
  assert.is(compileTemplate(String.raw`{{.Name}}\t{{ .State.Code }}`)(value), 'web\t0');
  assert.is(compileTemplate('{{json .State}}{{upper .Name}}{{len .List}}')(value), '{"Code":0}WEB2');
  assert.is(compileTemplate('{{index .Labels "a.b"}}')(value), 'c');
  assert.is(compileTemplate('{{json .}}')([1]), '[1]');
  assert.throws(() => compileTemplate('{{range .List}}'), /\{\{range \.List\}\} is not supported/);
  assert.throws(() => compileTemplate('{{.Name.First}}')(value), /nothing is below/);
  assert.throws(() => compileTemplate('{{.constructor}}')(value), /no field \.constructor/);
});

test('given progress, when drawn, then the bar fills', () => {
  assert.is(barText('Loading', 50, 100, String), `Loading [${'='.repeat(15)}>${' '.repeat(14)}] 50 / 100`);
  assert.is(barText('Loading', 200, 100, String), `Loading [${'='.repeat(30)}] 200 / 100`);
  assert.is(barText('Loading', 5, 0, formatBytes), 'Loading 5B');
});

test.run();
