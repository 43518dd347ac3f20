import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, run, TestDaemon } from '@shiplog/test-support';
import { ask } from './raw-http.ts';

const IMAGE = 'busybox:test';

// What dockerd 20.10.24 answered to the same requests.
const test = suite('what is told as Docker 20.10 tells it');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-told-'));
const daemon = await TestDaemon.start();

test.before(async () => {
  const archive = join(scratch, 'busybox.tar');
  await busyboxArchive(archive, IMAGE);
  await docker('load', '-q', '-i', archive);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

const inspected = async (name: string): Promise<string> => docker('inspect', '--format', '{{json .HostConfig.Init}}', name);

test('given containers with an init, without one, and of those who did not say, when they are inspected, then each is told apart', async () => {
  for (const [name, flags, init] of [
    ['asked', ['--init'], 'true'],
    ['declined', ['--init=false'], 'false'],
    ['silent', [], 'null'],
  ] as const) {
    await docker('create', '--name', name, ...flags, IMAGE, 'true');
    assert.is(await inspected(name), init, name);
  }
  await docker('start', '-a', 'declined');
  await docker('start', '-a', 'silent');
});

test('given a container that is to be stopped late, when it is committed, then the image says so, and what is made of that does not', async () => {
  await docker('create', '--name', 'late', '--stop-timeout', '77', IMAGE, 'true');
  await docker('commit', 'late', 'late:1');
  const timeout = '{{if .Config.StopTimeout}}{{.Config.StopTimeout}}{{end}}';
  const image = JSON.parse(await docker('image', 'inspect', 'late:1')) as readonly { readonly Config: { readonly StopTimeout?: number } }[];
  assert.is(image[0]?.Config.StopTimeout, 77);
  await docker('create', '--name', 'of-late', 'late:1');
  assert.equal([await docker('inspect', '--format', timeout, 'late'), await docker('inspect', '--format', timeout, 'of-late')], ['77', '']);
  await docker('save', '-o', join(scratch, 'late.tar'), 'late:1');
  await docker('rmi', '-f', 'late:1');
  await docker('load', '-q', '-i', join(scratch, 'late.tar'));
  const again = JSON.parse(await docker('image', 'inspect', 'late:1')) as typeof image;
  assert.is(again[0]?.Config.StopTimeout, 77);
});

test('given containers that cannot start, when docker events tells of them, then they were made and on their networks, and never ran or died', async () => {
  const since = String(Date.now() / 1000);
  await docker('network', 'create', 'side');
  await docker('create', '--name', 'failing', IMAGE, 'nosuchcommand');
  await docker('network', 'connect', 'side', 'failing');
  assert.is((await daemon.docker(['start', 'failing'])).code, 1);
  assert.is((await daemon.docker(['run', '--rm', '--network', 'none', '--name', 'gone', IMAGE, 'nosuchcommand'])).code, 127);
  const told = await docker('events', '--since', since, '--until', String(Date.now() / 1000 + 0.001), '--format', '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}'); // prettier-ignore
  const lines = told.split('\n');
  assert.equal(
    lines.filter((line) => !line.startsWith('network')),
    ['container create failing', 'container create gone', 'container attach gone', 'container destroy gone'],
  );
  const networks = lines.filter((line) => line.startsWith('network'));
  // Joining a network while it does not run is nothing yet.
  assert.equal(
    [networks[0], networks.slice(1, 3).toSorted(), networks.slice(3, 5).toSorted(), networks.slice(5)],
    [
      'network create side',
      ['network connect bridge', 'network connect side'],
      ['network disconnect bridge', 'network disconnect side'],
      ['network connect none', 'network disconnect none'],
    ],
  );
  const { State } = JSON.parse((await ask(daemon.socket, 'GET', '/containers/failing/json')).body) as { readonly State: object };
  const { Status, ExitCode } = State as { readonly Status: string; readonly ExitCode: number };
  assert.equal([Status, ExitCode], ['created', 127]);
});

test('given an image without a name, when it is listed, then before API 1.43 it has one that says so', async () => {
  const id = await docker('commit', 'silent');
  const named = async (version: string): Promise<unknown> => {
    const { body } = await ask(daemon.socket, 'GET', `/${version}/images/json`);
    const images = JSON.parse(body) as readonly { readonly Id: string; readonly RepoTags: unknown; readonly RepoDigests: unknown }[];
    const found = images.find(({ Id }) => Id === id);
    return [found?.RepoTags, found?.RepoDigests];
  };
  assert.equal(await named('v1.42'), [['<none>:<none>'], ['<none>@<none>']]);
  assert.equal(await named('v1.43'), [[], []]);
});

test('given images and containers, when what they take is listed, then the newest stand first, as in docker ps', async () => {
  const { Images, Containers } = JSON.parse((await ask(daemon.socket, 'GET', '/v1.41/system/df')).body) as {
    readonly Images: readonly { readonly RepoTags: readonly string[] }[];
    readonly Containers: readonly { readonly Names: readonly string[] }[];
  };
  assert.equal(Images.at(-1)?.RepoTags, [IMAGE]);
  const names = (await docker('ps', '-a', '--format', '{{.Names}}')).split('\n');
  assert.equal(
    Containers.map(({ Names }) => Names[0]?.slice(1)),
    names,
  );
  assert.is(names.at(-1), 'asked');
});

test('given a client of an older API, when it asks for the engine, then it is told whether what bridges carry is filtered, as the kernel says', async () => {
  const told = async (version: string) =>
    JSON.parse((await ask(daemon.socket, 'GET', `/${version}/info`)).body) as { BridgeNfIptables?: boolean };
  const { code, stdout } = await run('cat', ['/proc/sys/net/bridge/bridge-nf-call-iptables']);
  assert.is((await told('v1.41')).BridgeNfIptables, code === 0 && stdout.trim() === '1');
  assert.not.ok('BridgeNfIptables' in (await told('v1.50')));
});

test.run();
