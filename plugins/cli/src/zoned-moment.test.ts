import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMoment } from '@shiplog/contracts';
import { zonedMoment } from './zoned-moment.ts';

const test = suite('zoned moment');

test('given a time without a zone, when sent from another zone than the engine’s, then it is the time of where it was typed', () => {
  const script = `import { zonedMoment } from ${JSON.stringify(new URL('zoned-moment.js', import.meta.url).href)};
    for (const text of ['2026-01-31', '2026-07-31T10:00', '2026-07-31 10:00:05.25', ' 2026-07-31 10:00:05 ']) console.log(zonedMoment(text));`;
  for (const [zone, times] of [
    ['America/New_York', ['2026-01-31T05:00:00Z', '2026-07-31T14:00:00Z', '2026-07-31T14:00:05.250000000Z', '2026-07-31T14:00:05Z']],
    ['Asia/Kolkata', ['2026-01-30T18:30:00Z', '2026-07-31T04:30:00Z', '2026-07-31T04:30:05.250000000Z', '2026-07-31T04:30:05Z']],
  ] as const) {
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TZ: zone } });
    assert.equal(told.toString().trim().split('\n'), times);
  }
});

test('given what has a zone or is no time, when sent, then it stays as it is', () => {
  for (const text of ['2026-01-31T10:00:00Z', '2026-01-31T10:00+02:00', '4711', '10m', 'now', '1767225600', '2026-02-30', '2026-13-01', ''])
    assert.is(zonedMoment(text), text);
});

test('given a time without a zone, when sent to an engine in the same zone, then it is what the engine would have read', () => {
  for (const text of ['2026-01-31', '2026-07-31T10:00', '2026-07-31 10:00:05.25'])
    assert.equal(parseMoment(zonedMoment(text), 0n), parseMoment(text, 0n));
});

test.run();
