// time limit: 120 s
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort, run, TestDaemon } from '@shiplog/test-support';

const test = suite('tls');
const directory = await mkdtemp(join(tmpdir(), 'shiplog-tls-'));
const at = (name: string): string => join(directory, name);

async function openssl(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run('openssl', args);
  assert.is(code, 0, stderr);
}

async function authority(name: string): Promise<void> {
  await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-keyout', at(`${name}-key.pem`), '-out', at(`${name}.pem`)); // prettier-ignore
}

async function signed(name: string, by: string, subject: string, extensions: string): Promise<void> {
  await openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', subject, '-keyout', at(`${name}-key.pem`), '-out', at(`${name}.csr`)); // prettier-ignore
  await writeFile(at(`${name}.ext`), extensions);
  await openssl('x509', '-req', '-in', at(`${name}.csr`), '-CA', at(`${by}.pem`), '-CAkey', at(`${by}-key.pem`), '-CAcreateserial', '-days', '2', '-extfile', at(`${name}.ext`), '-out', at(`${name}.pem`)); // prettier-ignore
}

await authority('ca');
await authority('other');
await signed('server', 'ca', '/CN=shiplogd', 'subjectAltName=IP:127.0.0.1\n');
await signed(
  'alice',
  'ca',
  '/O=Example, Inc/CN=alice',
  'extendedKeyUsage=clientAuth\nsubjectAltName=email:alice@example.org,DNS:alice.example\n',
);
await signed('mallory', 'other', '/CN=alice', 'extendedKeyUsage=clientAuth\n');

const port = await freePort();
const plain = await freePort();
const tlsFlags = ['--tlsverify', '--tlscacert', at('ca.pem'), '--tlscert', at('server.pem'), '--tlskey', at('server-key.pem')];
const daemon = await TestDaemon.start({
  extra: ['--host', `tcp://127.0.0.1:${port}`, '--host', `unix://${at('second.sock')}`, ...tlsFlags],
});

test.after(async () => {
  await daemon.destroy();
  await rm(directory, { recursive: true, force: true });
});

function dockerAs(client: string, ...args: readonly string[]) {
  const tls = ['--tlsverify', '--tlscacert', at('ca.pem'), '--tlscert', at(`${client}.pem`), '--tlskey', at(`${client}-key.pem`)];
  return run('docker', ['-H', `tcp://127.0.0.1:${port}`, ...tls, ...args], { env: { ...process.env, DOCKER_CONFIG: directory } });
}

test('given a client certificate of the authority, when docker asks over TLS, then the log names the certificate', async () => {
  const { code, stdout, stderr } = await dockerAs('alice', 'volume', 'create', 'by-alice');
  assert.is(code, 0, stderr);
  assert.is(stdout.trim(), 'by-alice');
  const print = await run('openssl', ['x509', '-in', at('alice.pem'), '-noout', '-fingerprint', '-sha256']);
  const events = (await daemon.events()).filter(({ type }) => type.startsWith('volume.create.'));
  assert.is(events.length, 2);
  for (const { actor } of events) {
    const { address, ...who } = actor as typeof actor & { readonly address: string };
    assert.equal(who, {
      scheme: 'tls',
      subject: String.raw`O=Example\, Inc,CN=alice`,
      names: ['email:alice@example.org', 'DNS:alice.example'],
      fingerprint: print.stdout.trim().replace(/^.*=/, ''),
    });
    assert.match(address, /^127\.0\.0\.1:\d+$/);
  }
});

test('given the same certificate, when shiplog asks as docker would, then it is answered', async () => {
  const certs = join(directory, 'alice-certs');
  await mkdir(certs);
  for (const [name, from] of [['ca.pem', 'ca.pem'], ['cert.pem', 'alice.pem'], ['key.pem', 'alice-key.pem']] as const) await copyFile(at(from), join(certs, name)); // prettier-ignore
  const env = { ...process.env, SHIPLOG_HOST: `tcp://127.0.0.1:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certs };
  const listed = await run('shiplog', ['audit', '--user', 'CN=alice', '--verb', 'volume.create'], { env });
  assert.is(listed.code, 0, listed.stderr);
  assert.match(listed.stdout, /O=Example\\, Inc,CN=alice at 127\.0\.0\.1:\d+ +volume\.create +volume\/by-alice +ok/);
  const missing = await run('shiplog', ['ps'], { env: { ...env, DOCKER_CERT_PATH: directory } });
  assert.is.not(missing.code, 0);
  assert.match(missing.stderr, 'cert.pem, which DOCKER_TLS_VERIFY asks for');
});

test('given no certificate, or one that another authority signed, when a client asks over TLS, then nothing is answered', async () => {
  const mallory = await dockerAs('mallory', 'volume', 'create', 'by-mallory');
  assert.is.not(mallory.code, 0);
  const none = await run('curl', ['-s', '--cacert', at('ca.pem'), `https://127.0.0.1:${port}/_ping`]);
  assert.is.not(none.code, 0);
  const unencrypted = await run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', `http://127.0.0.1:${port}/_ping`]);
  assert.is.not(unencrypted.stdout, '200');
  assert.is((await daemon.docker(['volume', 'ls', '-q'])).stdout.trim(), 'by-alice');
});

test('given several hosts, when docker asks on each, then each answers', async () => {
  const { stdout } = await run('docker', ['-H', `unix://${at('second.sock')}`, 'volume', 'ls', '-q']);
  assert.is(stdout.trim(), 'by-alice');
});

test('given a TCP host without TLS, when the daemon is told so, then callers are addresses and no more', async () => {
  const insecure = await TestDaemon.start({ extra: ['--host', `tcp://127.0.0.1:${plain}`, '--insecure-tcp'] });
  try {
    const { code, stderr } = await run('docker', ['-H', `tcp://127.0.0.1:${plain}`, 'volume', 'create', 'by-anybody']);
    assert.is(code, 0, stderr);
    const [intent] = (await insecure.events()).filter(({ type }) => type === 'volume.create.requested');
    assert.is(intent?.actor.scheme, 'tcp');
  } finally {
    await insecure.destroy();
  }
});

test('given TLS files that cannot be used, when the daemon starts, then it says which', async () => {
  const { code, stderr } = await run('shiplogd', ['--root', at('r'), ...tlsFlags, '--tlskey', at('alice-key.pem')]);
  assert.is(code, 2, stderr);
  assert.match(stderr, 'the TLS files cannot be used');
});

test.run();
