import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { durationNanos, parseMoment, parsePast, parseTime } from './moment.ts';

const test = suite('moment');
const NOW = 1_767_225_600_000_000_000n;

test('given a small integer or seq:, when read as a moment, then it is a position', () => {
  assert.equal(parseMoment('123', NOW), { seq: 123 });
  assert.equal(parseMoment('seq:1767225600', NOW), { seq: 1_767_225_600 });
  assert.equal(parseMoment('#1767225600', NOW), { seq: 1_767_225_600 });
});

test('given unix seconds in any spelling, when read as a moment, then it is that time to the nanosecond', () => {
  assert.equal(parseMoment('1767225600', NOW), { time: '1767225600000000000' });
  assert.equal(parseMoment('@12', NOW), { time: '12000000000' });
  assert.equal(parseMoment('12.000000001', NOW), { time: '12000000001' });
});

test('given RFC 3339 with nanoseconds, when read, then no digit is lost', () => {
  assert.is(parseTime('2026-01-01T00:00:00.123456789Z', NOW), 1_767_225_600_123_456_789n);
  assert.is(parseTime('2026-01-01T01:00:00+01:00', NOW), NOW);
});

test('given a duration, when read, then it lies before now', () => {
  assert.is(parseTime('10m', NOW), NOW - 600_000_000_000n);
  assert.is(parseTime('10 minutes ago', NOW), NOW - 600_000_000_000n);
  assert.is(parseTime('1h30m', NOW), NOW - 5_400_000_000_000n);
  assert.is(parseTime('an hour ago', NOW), NOW - 3_600_000_000_000n);
  assert.is(durationNanos('1.5s'), 1_500_000_000n);
});

test('given what is no moment, when read, then a position is among what is accepted, and of times only where one can be', () => {
  assert.throws(() => parseMoment('x', NOW), /give a position of the log/);
  assert.throws(() => parseTime('x', NOW), /give a time/);
});

test('given a fraction of a second, when read, then it is as long as its last digit', () => {
  const second = 1_767_225_600_000_000_000n;
  for (const text of ['2026-01-01T00:00:00.123Z', '1767225600.123', '2026-01-01T01:00:00.123+01:00']) {
    assert.is(parseTime(text, NOW, 'first'), second + 123_000_000n, text);
    assert.is(parseTime(text, NOW, 'last'), second + 123_999_999n, text);
    assert.equal(parseMoment(text, NOW), { time: String(second + 123_999_999n) });
    assert.equal(parseMoment(text, NOW, 'first'), { time: String(second + 123_000_000n) });
  }
  for (const edge of ['first', 'last'] as const)
    for (const text of ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000000Z', '1767225600', 'now'])
      assert.is(parseTime(text, NOW, edge), second);
});

test('given the words of a calendar, when read, then they are what a calendar says', () => {
  const at = (...date: readonly [number, number, number, number, number]): bigint => BigInt(new Date(...date).getTime()) * 1_000_000n;
  const now = at(2026, 2, 31, 10, 15) + 5n;
  assert.is(parseTime('yesterday', now), at(2026, 2, 30, 0, 0));
  assert.is(parseTime('today', now), at(2026, 2, 31, 0, 0));
  assert.is(parseTime('12:00', now), at(2026, 2, 31, 12, 0));
  assert.is(parseTime('12:00:30', now), at(2026, 2, 31, 12, 0) + 30_000_000_000n);
  assert.is(parseTime('1 month ago', now), at(2026, 1, 28, 10, 15) + 5n);
  assert.is(parseTime('a month ago', now), parseTime('1 month', now));
  assert.is(parseTime('3 months ago', now), at(2025, 11, 31, 10, 15) + 5n);
  assert.is(parseTime('2 weeks ago', now), now - 14n * 86_400_000_000_000n);
  assert.is(parseTime('1 year 1 month 2 hours ago', now), at(2025, 1, 28, 10, 15) + 5n - 7_200_000_000_000n);
});

test('given what can be read in two ways, when read, then it is refused with both', () => {
  for (const [text, instead] of [
    ['1M', /10 months ago/],
    ['10M ago', /10m/],
    ['01/02/2026', /2026-01-31/],
    ['1.2.26', /2026-01-31/],
    ['5:30', /05:00, 17:00/],
    ['yesterday 5:30', /05:00, 17:00/],
    ['5 pm', /17:00/],
    ['05:30 am', /17:00/],
  ] as const) {
    assert.throws(() => parseMoment(text, NOW), /two ways/, text);
    assert.throws(() => parseMoment(text, NOW), instead, text);
  }
});

test('given a time that is yet to come, when it is to be looked at, then it is refused; one that has begun is not', () => {
  assert.throws(() => parsePast('2026-01-01T00:00:01Z', NOW), /yet to come/);
  assert.equal(parsePast('2026-01-01T00:00:00.000Z', NOW), { time: String(NOW + 999_999n) });
  assert.equal(parsePast('4711', NOW), { seq: 4711 });
  assert.equal(parsePast('now', NOW), { time: String(NOW) });
});

test('given a leap day, when read, then it is one', () => {
  assert.is(parseTime('2028-02-29T00:00:00Z', NOW), BigInt(Date.UTC(2028, 1, 29)) * 1_000_000n);
});

test('given nonsense, when read, then the error names it and says what is accepted', () => {
  const numbers = ['1767225600000', '99999999999999999999', '@253402300800', '1e3', '-1', '12.'];
  for (const text of [
    '',
    'soon',
    '10 parsecs',
    '2026-13-99',
    '2026-02-30',
    '2025-02-29T10:00',
    'constructor',
    '1toString',
    '1.5 months',
    'tomorrow',
    'last week',
    ...numbers,
  ]) {
    assert.throws(
      () => parseMoment(text, NOW),
      (error: Error) => error.message.includes(`"${text}"`),
    );
  }
});

test.run();
