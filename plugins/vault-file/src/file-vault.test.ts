import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ErrorCode, ShiplogError } from '@shiplog/contracts';
import plugin, { FileVault } from './index.ts';

const test = suite<{ stateDir: string }>('file vault', { stateDir: '' });

test.before.each(async (context) => {
  context.stateDir = await mkdtemp(join(tmpdir(), 'vault-'));
});
test.after.each(async (context) => {
  await rm(context.stateDir, { recursive: true, force: true });
});

const open = (stateDir: string): FileVault => new FileVault({ engineId: '0123456789ab', stateDir, runDir: stateDir });

async function codeOf(work: Promise<unknown>): Promise<ErrorCode> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ShiplogError) return error.code;
    throw error;
  }
  throw new Error('it succeeded');
}

test('given a secret, when it is put, then it comes back, also for another vault on the same directory', async ({ stateDir }) => {
  const ref = await open(stateDir).put('a1', 'A=1\0B=ü');
  assert.is(ref.id, 'a1');
  assert.match(ref.hmac, /^[0-9a-f]{64}$/);
  assert.is(await open(stateDir).get(ref), 'A=1\0B=ü');
  assert.equal(await open(stateDir).observe(), ['a1']);
});

test('given equal and different values, when they are put, then their hashes tell', async ({ stateDir }) => {
  const vault = open(stateDir);
  const [a, b, c] = await Promise.all([vault.put('a', 'x'), vault.put('b', 'x'), vault.put('c', 'y')]);
  assert.is(a.hmac, b.hmac);
  assert.is.not(a.hmac, c.hmac);
});

test('given a secret, when it is asked for without its hash, then it comes back; and a hash can be made of a value alone', async ({
  stateDir,
}) => {
  const ref = await open(stateDir).put('subject:a', 'x');
  assert.is(await open(stateDir).get({ id: 'subject:a' }), 'x');
  assert.is(await open(stateDir).mac('x'), ref.hmac);
  assert.is(await codeOf(open(stateDir).get({ id: 'b' })), 'SECRET_NOT_FOUND');
});

test('given a vault, when it is used, then only root can read and nothing temporary stays', async ({ stateDir }) => {
  const vault = open(stateDir);
  await vault.put('a', 'x');
  assert.is((await stat(join(stateDir, 'secrets'))).mode & 0o777, 0o700);
  assert.is((await stat(join(stateDir, 'secrets', 'a'))).mode & 0o777, 0o600);
  assert.is((await stat(join(stateDir, 'key'))).mode & 0o777, 0o600);
  assert.is((await readFile(join(stateDir, 'key'))).length, 32);
  assert.equal((await readdir(stateDir)).toSorted(), ['key', 'secrets']);
  assert.equal(await readdir(join(stateDir, 'secrets')), ['a']);
});

test('given a secret, when it is put again or removed twice, then that is harmless', async ({ stateDir }) => {
  const vault = open(stateDir);
  await vault.remove('never');
  const first = await vault.put('a', 'x');
  const second = await vault.put('a', 'y');
  assert.is(await vault.get(second), 'y');
  assert.is(await codeOf(vault.get(first)), 'SECRET_NOT_FOUND');
  await vault.remove('a');
  await vault.remove('a');
  assert.is(await codeOf(vault.get(second)), 'SECRET_NOT_FOUND');
  assert.equal(await vault.observe(), []);
});

test('given ids that are no safe file names, when they are used, then they are refused', async ({ stateDir }) => {
  const vault = open(stateDir);
  for (const id of ['', '.', '..', '../key', 'a/b', '/etc/passwd', '.new-1', 'a\0b', 'a\n', 'x'.repeat(300)]) {
    assert.is(await codeOf(vault.put(id, 'x')), 'REQUEST_INVALID');
    assert.is(await codeOf(vault.get({ id, hmac: '' })), 'REQUEST_INVALID');
    assert.is(await codeOf(vault.remove(id)), 'REQUEST_INVALID');
  }
});

test('given what an interrupted write left, when the vault is opened, then it is swept and not listed', async ({ stateDir }) => {
  await open(stateDir).put('a', 'x');
  await writeFile(join(stateDir, 'secrets', '.new-0123'), 'half');
  const vault = open(stateDir);
  assert.equal(await vault.observe(), ['a']);
  await vault.put('b', 'y');
  assert.equal((await readdir(join(stateDir, 'secrets'))).toSorted(), ['a', 'b']);
});

test('given a damaged key, when a secret is put, then it fails and says so', async ({ stateDir }) => {
  await writeFile(join(stateDir, 'key'), 'short');
  assert.is(await codeOf(open(stateDir).put('a', 'x')), 'DRIVER_FAILED');
});

test('given the plugin, when its definition is read, then it offers the vault `file`', () => {
  assert.equal(
    plugin.drivers.map(({ manifest }) => [manifest.kind, manifest.name]),
    [['vault', 'file']],
  );
});

test.run();
