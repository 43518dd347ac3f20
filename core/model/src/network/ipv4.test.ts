import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { broadcastOf, contains, formatIpv4, formatSubnet, overlap, parseIpv4, parseSubnet } from './ipv4.ts';

// The same cases each time; FAST_CHECK_SEED looks for others.
fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 1) });

const test = suite('ipv4');
const address = fc.integer({ min: 0, max: 0xff_ff_ff_ff });
const subnet = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([base, length]) => {
  const parsed = parseSubnet(`${formatIpv4(base)}/${length}`);
  if (parsed === undefined) throw new Error('not parsed');
  return parsed;
});

test('given any address, when written and read, then it is the same', () => {
  fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value));
});

test('given any subnet, when written and read, then it is the same, and holds its first and last address', () => {
  fc.assert(
    fc.property(subnet, (value) => {
      assert.equal(parseSubnet(formatSubnet(value)), value);
      assert.ok(contains(value, value.base) && contains(value, broadcastOf(value)));
    }),
  );
});

test('given two subnets, when compared, then they overlap exactly if their ranges meet', () => {
  fc.assert(fc.property(subnet, subnet, (a, b) => overlap(a, b) === (a.base <= broadcastOf(b) && b.base <= broadcastOf(a))));
});

test('given text that is no address or subnet, when read, then it is undefined', () => {
  for (const text of ['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', 'a.b.c.d', '1.2.3.4 ']) assert.is(parseIpv4(text), undefined);
  for (const text of ['', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/a', '/8']) assert.is(parseSubnet(text), undefined);
});

test.run();
