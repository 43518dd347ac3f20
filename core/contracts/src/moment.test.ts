import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { durationNanos, parseMoment, parseTime } from './moment.ts';

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

test('given a leap day, when read, then it is one', () => {
  assert.is(parseTime('2028-02-29T00:00:00Z', NOW), BigInt(Date.UTC(2028, 1, 29)) * 1_000_000n);
});

test('given nonsense, when read, then the error names it and says what is accepted', () => {
  const numbers = ['1767225600000', '99999999999999999999', '@253402300800', '1e3', '-1', '12.'];
  for (const text of ['', 'soon', '10 parsecs', '2026-13-99', '2026-02-30', '2025-02-29T10:00', 'constructor', '1toString', ...numbers]) {
    assert.throws(
      () => parseMoment(text, NOW),
      (error: Error) => error.message.includes(`"${text}"`),
    );
  }
});

test.run();
