import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { zonedTime } from './local-time.ts';

const test = suite('local time');

/** What times are, or why they are refused, where clocks show another zone. */
function there(zone: string, now: string, texts: readonly string[]): readonly string[] {
  const script = `import { zonedTime } from ${JSON.stringify(new URL('local-time.js', import.meta.url).href)};
    const now = BigInt(Date.parse(${JSON.stringify(now)})) * 1_000_000n;
    for (const text of ${JSON.stringify(texts)}) try { console.log(zonedTime(text, now) ?? 'none'); } catch (error) { console.log(error.code + ' ' + error.message); }`;
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TZ: zone } });
  return told.toString().trim().split('\n');
}

test('given a time without a zone, when read in another one, then it is the time of there, with the digits that it had', () => {
  const texts = ['2026-01-31', '2026-07-31T10:00', '2026-07-31 10:00:05.25', ' 2026-07-31 10:00:05 ', '1969-12-31 23:00'];
  const now = '2026-08-01T00:00:00Z';
  assert.equal(there('America/New_York', now, texts), [
    '2026-01-31T05:00:00Z',
    '2026-07-31T14:00:00Z',
    '2026-07-31T14:00:05.25Z',
    '2026-07-31T14:00:05Z',
    '1970-01-01T04:00:00Z',
  ]);
  assert.equal(there('Asia/Kolkata', now, texts.slice(0, 3)), ['2026-01-30T18:30:00Z', '2026-07-31T04:30:00Z', '2026-07-31T04:30:05.25Z']);
});

test('given words and times of day, when read, then they are of the day that it is there', () => {
  const texts = ['today', 'Yesterday', '12:00', '12:00:30', '12:00:30.5', 'yesterday 12:00', 'today 00:30', 'yesterdayT23:59'];
  assert.equal(there('America/New_York', '2026-08-01T03:00:00Z', texts), [
    '2026-07-31T04:00:00Z',
    '2026-07-30T04:00:00Z',
    '2026-07-31T16:00:00Z',
    '2026-07-31T16:00:30Z',
    '2026-07-31T16:00:30.5Z',
    '2026-07-30T16:00:00Z',
    '2026-07-31T04:30:00Z',
    '2026-07-31T03:59:00Z',
  ]);
  // A day of 23 hours between, and one of 25.
  assert.equal(there('Europe/Berlin', '2026-03-29T22:30:00Z', ['yesterday', 'today']), ['2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z']);
  assert.equal(there('Europe/Berlin', '2026-10-25T22:30:00Z', ['yesterday', 'today']), ['2026-10-23T22:00:00Z', '2026-10-24T22:00:00Z']);
});

test('given a time of day that was twice or never, when read, then it is refused, and both are named', () => {
  const [twice = '', never = '', once] = there('Europe/Berlin', '2026-12-01T00:00:00Z', [
    '2026-10-25 02:30:00',
    '2026-03-29T02:30',
    '2026-10-25T01:59:59',
  ]);
  assert.match(twice, /^REQUEST_INVALID .*was twice.* 2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00$/);
  assert.match(never, /^REQUEST_INVALID .*never was/);
  assert.is(once, '2026-10-24T23:59:59Z');
});

test('given a day without a midnight, or with two, when read, then it begins at its first moment', () => {
  assert.equal(there('America/Santiago', '2026-12-01T00:00:00Z', ['2026-09-06']), ['2026-09-06T04:00:00Z']);
  assert.equal(there('America/Havana', '2026-12-01T00:00:00Z', ['2026-11-01']), ['2026-11-01T04:00:00Z']);
});

test('given what has a zone or is no time, when read, then it is none', () => {
  const others = [
    '2026-01-31T10:00:00Z',
    '2026-01-31T10:00+02:00',
    '4711',
    '10m',
    'now',
    '1767225600',
    '2026-02-30',
    '2026-13-01',
    '25:00',
  ];
  for (const text of [...others, '12:61', '', ' ', 'today12:00', '2026-01-31T', 'tomorrow', '9:30'])
    assert.is(zonedTime(text, 0n), undefined, text);
});

test.run();
