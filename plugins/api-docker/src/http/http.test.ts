import { Readable } from 'node:stream';
import type { ShiplogError } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { humanDuration } from '../translate/human-duration.ts';
import { parseMoment, rfc3339 } from '../translate/time.ts';
import { readJson } from './body.ts';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';
import { booleanOf } from './query.ts';
import { Router } from './router.ts';

const test = suite('parts of the HTTP layer');

test('given detach keys, when they are split over chunks, then they are found, and what only began like them is passed on', () => {
  assert.equal(parseDetachKeys('ctrl-p,ctrl-q,a,ctrl-\\'), [16, 17, 97, 28]);
  assert.equal(parseDetachKeys('DEL,ctrl-@'), [127, 0]);
  for (const wrong of ['ctrl-', 'ctrl-A', 'é', 'ab', '']) assert.throws(() => parseDetachKeys(wrong), /invalid detach keys/, wrong);
  const scanner = new DetachScanner([16, 17]);
  assert.equal(scanner.scan(Uint8Array.of(1, 16)), { pass: Uint8Array.of(1), detached: false });
  assert.equal(scanner.scan(Uint8Array.of(16, 2)), { pass: Uint8Array.of(16, 16, 2), detached: false });
  assert.equal(scanner.scan(Uint8Array.of(16)), { pass: Uint8Array.of(), detached: false });
  assert.equal(scanner.scan(Uint8Array.of(17, 3)), { pass: Uint8Array.of(), detached: true });
});

test('given booleans as clients write them, when they are read, then only five texts are false', () => {
  for (const text of ['', '0', 'no', 'false', 'None', ' FALSE ']) assert.not(booleanOf(new URLSearchParams([['x', text]]), 'x'), text);
  for (const text of ['1', 'true', 'yes', 'x']) assert.ok(booleanOf(new URLSearchParams([['x', text]]), 'x'), text);
});

test('given moments, when they are read and written, then nanoseconds survive', () => {
  assert.is(parseMoment('1700000000.5'), 1_700_000_000_500_000_000n);
  assert.is(parseMoment('1h30m', 5_400_000_000_000n), 0n);
  assert.is(parseMoment('2023-11-14T22:13:20Z'), 1_700_000_000_000_000_000n);
  assert.throws(() => parseMoment('soon'), /failed to parse/);
  assert.is(rfc3339('1700000000000000120'), '2023-11-14T22:13:20.00000012Z');
  assert.is(rfc3339('1700000000000000000'), '2023-11-14T22:13:20Z');
  assert.is(rfc3339(''), '0001-01-01T00:00:00Z');
});

test('given durations, when they are said, then it is as docker ps says them', () => {
  const said = [0, 1, 59, 60, 3599, 3600, 7200, 47 * 3600, 3 * 86_400, 20 * 86_400, 100 * 86_400, 800 * 86_400].map(humanDuration);
  assert.equal(said, [
    'Less than a second',
    '1 second',
    '59 seconds',
    'About a minute',
    '59 minutes',
    'About an hour',
    '2 hours',
    '47 hours',
    '3 days',
    '2 weeks',
    '3 months',
    '2 years',
  ]);
});

test('given templates, when paths are matched, then a star spans slashes and a plain parameter does not', () => {
  const route = async (): Promise<void> => undefined;
  const router = new Router([
    { method: 'GET', template: '/images/json', route },
    { method: 'GET', template: '/images/{name*}/json', route },
    { method: 'GET', template: '/networks/{id}', route },
  ]);
  assert.is(router.match('GET', '/images/json')?.entry.template, '/images/json');
  assert.equal(router.match('GET', '/images/a/b@sha256:1/json')?.params, { name: 'a/b@sha256:1' });
  assert.is(router.match('GET', '/networks/a/b'), undefined);
  assert.is(router.match('POST', '/images/json'), undefined);
});

test('given a body with half a character, when read, then it is replaced as Go does it; what is nested too deeply is refused', async () => {
  const read = (text: string): Promise<unknown> => readJson(Readable.from([Buffer.from(text)]), 'application/json');
  assert.equal(await read(String.raw`{"Labels":{"k\ud834":"\udd1e"}}`), { Labels: { 'k\ufffd': '\ufffd' } });
  const deep = String.raw`{"a":"\ud800","b":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const error: unknown = await read(deep).catch((thrown: unknown) => thrown);
  assert.is((error as ShiplogError).code, 'REQUEST_INVALID');
});

test.run();
