import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deviceNumber } from './file-ops.ts';
import { errnoName, errnoOf, kernelError, refusalOf } from './kernel-error.ts';
import { sysctlPath } from './namespace-ops.ts';
import { parseStartTicks } from './processes.ts';
import { attribute, attributes, text, textOf, word } from './rtnetlink.ts';

const test = suite('kernel-linux: encodings');

test('given device numbers, when they are packed, then they are what makedev(3) makes', () => {
  assert.is(deviceNumber(1, 3), 0x103n);
  assert.is(deviceNumber(8, 256), 0x100800n);
  // Upper major bits, upper minor bits, lower major bits, lower minor bits.
  assert.is(deviceNumber(0x12345, 0x6789a), 0x0001_2000_6783_459an);
});

test('given sysctl names, when their files are found, then the first separator decides', () => {
  assert.is(sysctlPath('net.ipv4.ip_forward'), '/proc/sys/net/ipv4/ip_forward');
  assert.is(sysctlPath('net/ipv4/ip_forward'), '/proc/sys/net/ipv4/ip_forward');
  assert.is(sysctlPath('net.ipv4.conf.eth0/100.forwarding'), '/proc/sys/net/ipv4/conf/eth0.100/forwarding');
  assert.is(sysctlPath('net/ipv4/conf/eth0.100/forwarding'), '/proc/sys/net/ipv4/conf/eth0.100/forwarding');
  for (const bad of ['net/../kernel/hostname', '/etc/passwd', '', 'net..x']) assert.throws(() => sysctlPath(bad), /invalid sysctl name/);
});

test('given a process whose name is made to confuse, when its stat is read, then the start time is right', () => {
  const fields = Array.from({ length: 49 }, (_, index) => String(index + 4));
  const stat = (name: string, state: string): string => `77 (${name}) ${state} ${fields.join(' ')}`;
  assert.is(parseStartTicks(stat('sh', 'S')), 22);
  assert.is(parseStartTicks(stat('a) Z 1 (b', 'R')), 22);
  assert.is(parseStartTicks(stat('sh', 'Z')), undefined);
  assert.is(parseStartTicks(''), undefined);
});

test('given attributes, when they are written and read, then values and padding are right', () => {
  const bytes = Buffer.concat([text(3, 'eth0'), word(10, 7), attribute(18, [text(1, 'veth'), attribute(2, Uint8Array.of(1))])]);
  assert.is(bytes.length % 4, 0);
  assert.is(bytes.readUInt16LE(0), 4 + 5);
  const read = attributes(bytes);
  assert.is(textOf(read.get(3)), 'eth0');
  assert.is(read.get(10)?.readUInt32LE(0), 7);
  const nested = attributes(read.get(18) ?? Buffer.alloc(0));
  assert.is(textOf(nested.get(1)), 'veth');
  assert.equal([...(nested.get(2) ?? [])], [1]);
});

test('given bytes that are cut, when attributes are read, then reading ends', () => {
  assert.is(attributes(Buffer.from([0, 0, 1, 0])).size, 0);
  assert.is(attributes(Buffer.from([9])).size, 0);
});

test('given error numbers, when they are named, then the names are those of errno(3)', () => {
  assert.is(errnoName(2), 'ENOENT');
  // Node has two names for it, and callers look for this one.
  assert.is(errnoName(11), 'EAGAIN');
  assert.is(errnoName(61), 'ENODATA');
  assert.is(errnoName(4095), 'E4095');
});

test('given a full disk, when a call fails, then the code is DISK_FULL', () => {
  assert.is(kernelError('mknod', 'ENOSPC').code, 'DISK_FULL');
  assert.is(kernelError('mknod', 'EEXIST').code, 'KERNEL_CALL_FAILED');
});

test('given an error of node:fs, when it is turned into a refusal, then call, errno and path are facts', () => {
  const error = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open', path: '/x' });
  const refusal = refusalOf(error);
  assert.equal(refusal.facts, { call: 'open', errno: 'ENOENT', path: '/x' });
  assert.is(errnoOf(refusal), 'ENOENT');
  assert.is(refusalOf(new Error('other')).code, 'INTERNAL');
});

test.run();
