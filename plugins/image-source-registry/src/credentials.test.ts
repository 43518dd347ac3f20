import { join } from 'node:path';
import { type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import { busyboxLayout, run, temporaryDirectory, TestRegistry } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Asker } from './testing/scripted-registry.test.util.ts';
import { ISSUER, SERVICE, TokenServer } from './testing/token-server.test.util.ts';

const test = suite('credentials of registries');
const scratch = await temporaryDirectory('shiplog-credentials-');
const KNOWN = { username: 'me', password: 'p:ä ss', identityToken: 'refresh' };
const ME: RegistryAuth = { username: KNOWN.username, password: KNOWN.password };
const tokens = await TokenServer.start(scratch.path, KNOWN);
const byToken = await TestRegistry.start({
  token: { realm: tokens.realm, service: SERVICE, issuer: ISSUER, certificate: tokens.certificate },
});
const byPassword = await TestRegistry.start({ htpasswd: { username: KNOWN.username, password: KNOWN.password } });
const layout = join(scratch.path, 'layout');
const { digest } = await busyboxLayout(layout, '1');
for (const registry of [byToken, byPassword])
  for (const name of ['public/app:1', 'private/app:1'])
    await registry.push(`oci:${layout}:1`, name, ['--preserve-digests', '--dest-creds', `${KNOWN.username}:${KNOWN.password}`]);

test.after(async () => {
  await byToken.stop();
  await byPassword.stop();
  await tokens[Symbol.asyncDispose]();
  await scratch.cleanup();
});

async function denied(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, ShiplogError);
  assert.is((error as ShiplogError).code, 'REGISTRY_DENIED', String(error));
  assert.not.match(String(error), /p:ä|refresh/);
  return (error as ShiplogError).message;
}

test('given a registry that wants tokens, when nobody in particular asks, then public images are there, and others denied', async () => {
  await using asker = await Asker.make();
  assert.is((await asker.resolve(`${byToken.host}/public/app:1`))?.digest, digest);
  assert.match(await denied(asker.resolve(`${byToken.host}/private/app:1`)), `may require 'docker login'`);
});

for (const [what, auth] of [
  ['a password', ME],
  ['an identity token', { username: '<token>', identityToken: KNOWN.identityToken }],
] as const)
  test(`given a registry that wants tokens, when one asks with ${what}, then a token is got once, for that one alone`, async () => {
    await using asker = await Asker.make();
    const reference = `${byToken.host}/private/app:1`;
    const before = tokens.asked;
    for (let times = 0; times < 3; times += 1) assert.is((await asker.resolve(reference, auth))?.digest, digest);
    assert.is(tokens.asked - before, 1);
    await denied(asker.resolve(reference));
    await denied(asker.resolve(reference, { username: 'me', password: 'wrong' }));
    await denied(asker.resolve(reference, { identityToken: 'wrong' }));
    assert.is((await asker.resolve(reference, auth))?.digest, digest);
  });

test('given a token that a registry takes as it is, when it is shown, then nobody is asked for one; a wrong one is denied', async () => {
  const asked = await run('curl', [
    '-s',
    '-u',
    `${KNOWN.username}:${KNOWN.password}`,
    `${tokens.realm}?service=${SERVICE}&scope=repository:private/app:pull`,
  ]);
  const { token } = JSON.parse(asked.stdout) as { readonly token: string };
  await using asker = await Asker.make();
  const before = tokens.asked;
  assert.is((await asker.resolve(`${byToken.host}/private/app:1`, { registryToken: token }))?.digest, digest);
  await denied(asker.resolve(`${byToken.host}/private/app:1`, { registryToken: `${token}x` }));
  assert.is(tokens.asked, before);
});

test('given a registry that wants a password, when it is asked, then with that alone', async () => {
  await using asker = await Asker.make();
  const reference = `${byPassword.host}/private/app:1`;
  assert.is((await asker.resolve(reference, ME))?.digest, digest);
  await denied(asker.resolve(reference));
  await denied(asker.resolve(reference, { ...ME, password: 'wrong' }));
});

test('given credentials, when one logs in, then they are right or denied, also after they were right', async () => {
  await using asker = await Asker.make();
  for (const { host } of [byToken, byPassword]) {
    const login = (auth: RegistryAuth) => asker.source.login({ registry: host, auth }, asker.context());
    assert.equal(await login(ME), {});
    assert.equal(await login(ME), {});
    assert.match(await denied(login({ ...ME, password: 'wrong' })), `login attempt to ${host}`);
  }
  const before = tokens.asked;
  await asker.source.login({ registry: byToken.host, auth: ME }, asker.context());
  assert.is(tokens.asked, before + 1);
  await using picky = await Asker.make({ only: 'example.org' });
  await denied(picky.source.login({ registry: byToken.host, auth: ME }, picky.context()));
});

test.run();
