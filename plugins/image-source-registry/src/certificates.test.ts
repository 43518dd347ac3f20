import { once } from 'node:events';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { run, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Asker, codeOf, digestOf, MANIFEST } from './testing/scripted-registry.test.util.ts';

const test = suite('certificates of registries');
const scratch = await temporaryDirectory('shiplog-certs-');
test.after(() => scratch.cleanup());
const at = (name: string): string => join(scratch.path, name);

/** Makes a certificate that is its own authority. */
async function certificate(name: string): Promise<void> {
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`];
  const { code, stderr } = await run('openssl', [
    ...words,
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    at(`${name}.key`),
    '-out',
    at(`${name}.crt`),
  ]);
  if (code !== 0) throw new Error(stderr);
}
for (const name of ['server', 'client', 'other']) await certificate(name);

/** A registry that has one image, and remembers whose certificates it was shown. */
async function secured(options: ServerOptions = {}) {
  const shown: (string | undefined)[] = [];
  const server = createServer(
    { cert: await readFile(at('server.crt')), key: await readFile(at('server.key')), ...options },
    (request, response) => {
      shown.push(String((request.socket as TLSSocket).getPeerCertificate()?.subject?.CN));
      response.writeHead(200, { 'content-type': MANIFEST, 'docker-content-digest': digestOf('x'), 'content-length': '1' }).end();
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const certs = join(scratch.path, `certs-${host.replace(/\D/g, '-')}`);
  await mkdir(join(certs, host), { recursive: true });
  const lay = (from: string, as: string): Promise<void> => copyFile(at(from), join(certs, host, as));
  const ask = async (): Promise<string> => {
    await using asker = await Asker.make({ certs });
    return codeOf(asker.resolve(`${host}/app:1`));
  };
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { host, certs, shown, lay, ask, [Symbol.asyncDispose]: close };
}

test('given an authority that was laid down for a registry, when the registry is asked, then its certificate must be of that, also on loopback', async () => {
  await using registry = await secured();
  await registry.lay('other.crt', 'ca.crt');
  assert.is(await registry.ask(), 'REGISTRY_UNAVAILABLE');
  assert.equal(registry.shown, []);
  await registry.lay('server.crt', 'right.crt');
  assert.is(await registry.ask(), 'none');
  // Without any, loopback is not checked.
  await rm(registry.certs, { recursive: true });
  assert.is(await registry.ask(), 'none');
});

test('given a registry that wants to know who asks, when a certificate was laid down for it, then it is shown, and to no other', async () => {
  await using registry = await secured({ requestCert: true, ca: await readFile(at('client.crt')) });
  await using other = await secured({ requestCert: true, rejectUnauthorized: false });
  await registry.lay('server.crt', 'ca.crt');
  assert.is(await registry.ask(), 'REGISTRY_UNAVAILABLE');
  await registry.lay('client.crt', 'client.cert');
  assert.is(await registry.ask(), 'CONFIG_INVALID', 'a certificate without its key');
  await registry.lay('client.key', 'client.key');
  assert.is(await registry.ask(), 'none');
  assert.equal(registry.shown, ['client']);
  await using asker = await Asker.make({ certs: registry.certs });
  await asker.resolve(`${other.host}/app:1`);
  assert.equal(
    other.shown.filter((name) => name !== 'undefined'),
    [],
  );
});

test.run();
