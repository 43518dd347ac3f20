// time limit: 240 s
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces, run } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('prunes of networks and volumes, with the docker command and compose');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-prune-'));
const project = join(scratch, 'shop');
const config = join(scratch, 'config.json');
const LIST = { cniVersion: '1.0.0', name: 'apart', plugins: [{ type: 'bridge', ipam: { type: 'host-local' } }] };
const APPLICATION = `
services:
  db:
    image: ${IMAGE}
    command: sh -c 'echo stored > /data/kept; exec sleep 600'
    networks: [back]
    volumes: [data:/data]
    stop_signal: SIGKILL
networks: {back: {}}
volumes: {data: {}}
`;

await mkdir(project);
await writeFile(join(scratch, '10-apart.conflist'), JSON.stringify(LIST));
await writeFile(config, JSON.stringify({ driverOptions: { 'network/cni': { 'conflist-directory': scratch } } }));
await writeFile(join(project, 'docker-compose.yml'), APPLICATION);
const { daemon, done } = await prepare(['--config', config]);
test.after(async () => {
  await done();
  await rm(scratch, { recursive: true, force: true });
});

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

async function compose(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run('docker-compose', args, { cwd: project, env: daemon.env, timeoutMs: 240_000 });
  assert.is(code, 0, `docker-compose ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout.trim();
}

const lines = (text: string): readonly string[] => text.split('\n').filter(Boolean).toSorted();
const networks = async (): Promise<readonly string[]> => lines(await docker('network', 'ls', '--format', '{{.Name}}'));
const volumes = async (): Promise<readonly string[]> => lines(await docker('volume', 'ls', '--format', '{{.Name}}'));

/** What docker tells of a prune, and of what it takes along, from a moment on. */
async function told(type: string, since: number): Promise<readonly string[]> {
  const until = String(Math.floor(Date.now() / 1000) + 1);
  const format = '{{.Action}} {{with .Actor.Attributes}}{{index . "name"}}{{index . "driver"}}{{index . "reclaimed"}}{{end}}';
  const asked = ['events', '--since', String(since), '--until', until, '--filter', `type=${type}`, '--format', format];
  return lines(await docker(...asked, '--filter', 'event=destroy', '--filter', 'event=prune'));
}

/** What the application wrote to its volume, as soon as it did. */
const stored = (): Promise<string> => compose('exec', '-T', 'db', 'sh', '-c', 'until cat /data/kept 2>/dev/null; do sleep 0.1; done');

interface Act {
  readonly verb: string;
  readonly object: string;
  readonly status: string;
  readonly removed?: readonly string[];
}

/** What the audit has of a verb. */
async function acts(verb: string, ...more: readonly string[]): Promise<readonly Act[]> {
  const { code, stdout, stderr } = await daemon.shiplog(['audit', '--verb', verb, '--format', 'json', ...more]);
  assert.is(code, 0, stderr);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Act);
}

test('given networks of several drivers, when they are pruned, then those that no running container is on go, in one act', async () => {
  const since = Math.floor(Date.now() / 1000);
  await docker('network', 'create', '--label', 'keep', 'kept');
  await docker('network', 'create', 'plain');
  await docker('network', 'create', '-d', 'macvlan', '--subnet', '198.18.203.0/24', 'wire');
  await docker('network', 'create', '-d', 'cni', '-o', 'cni.conflist=apart', '--subnet', '198.18.204.0/24', 'listed');
  await docker('network', 'create', 'used');
  await docker('network', 'create', '--label', 'keep', 'configured');
  await docker('run', '-d', '--name', 'up', '--network', 'used', IMAGE, 'sleep', '600');
  await docker('create', '--name', 'down', '--network', 'configured', IMAGE, 'true');
  assert.is(await docker('network', 'prune', '-f', '--filter', 'until=1h'), '');
  const id = await docker('network', 'inspect', '-f', '{{.Id}}', 'wire');
  const pruned = await docker('network', 'prune', '-f', '--filter', 'label!=keep');
  assert.equal(lines(pruned), ['Deleted Networks:', 'listed', 'plain', 'wire']);
  assert.equal(await networks(), ['bridge', 'configured', 'host', 'kept', 'none', 'used']);
  assert.equal(await told('network', since), ['destroy listed', 'destroy plain', 'destroy wire', 'prune 0', 'prune 0']);
  const [nothing, all, ...others] = await acts('network.prune');
  assert.equal([nothing?.status, nothing?.removed, all?.status, all?.removed?.length, others], ['ok', undefined, 'ok', 3, []]);
  assert.match((await daemon.shiplog(['audit', '--verb', 'network.prune'])).stdout, /network\.prune +network\/[0-9a-f]{12} and 2 more +ok/);
  // Who asks for one of them is told of the prune.
  for (const name of ['wire', id])
    assert.equal(
      (await acts('network.*', '--object', name)).map(({ verb }) => verb),
      ['network.create', 'network.prune'],
    );
  assert.match((await daemon.shiplog(['why', 'wire'])).stdout, /network wire is gone[^]*network\.prune\.succeeded/);
  // What is left works; a container that is down keeps no network, as in Docker.
  await docker('start', '-a', 'down');
  await docker('network', 'connect', 'kept', 'up');
  assert.equal(lines(await docker('network', 'prune', '-f')), ['Deleted Networks:', 'configured']);
  assert.match((await daemon.docker(['start', 'down'])).stderr, 'network configured not found');
  await docker('rm', '-f', 'up', 'down');
  assert.equal(lines(await docker('network', 'prune', '-f')), ['Deleted Networks:', 'kept', 'used']);
  assert.is(await docker('network', 'prune', '-f'), '');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given volumes, when they are pruned, then those that nothing mounts go, those with names only where all are meant, and what that frees is told', async () => {
  const since = Math.floor(Date.now() / 1000);
  const fill = 'dd if=/dev/zero of=/anonymous/file bs=1024 count=2000 2>/dev/null';
  await docker('run', '--name', 'once', '-v', '/anonymous', IMAGE, 'sh', '-c', fill);
  await docker('run', '--rm', '-v', 'named:/anonymous', IMAGE, 'sh', '-c', fill);
  await docker('create', '--name', 'down', '-v', 'mounted:/data', IMAGE, 'true');
  await docker('volume', 'create', '--label', 'keep', 'kept');
  await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'elsewhere');
  await docker('rm', 'once');
  const [anonymous = ''] = await volumes();
  const first = await docker('volume', 'prune', '-f');
  assert.match(first, new RegExp(`^Deleted Volumes:\n${anonymous}\n+Total reclaimed space: 2\\.048MB$`));
  assert.equal(await volumes(), ['elsewhere', 'kept', 'mounted', 'named']);
  assert.match(
    await docker('volume', 'prune', '-af', '--filter', 'label!=keep'),
    /^Deleted Volumes:\nnamed\n+Total reclaimed space: 2\.048MB$/,
  );
  assert.is(await docker('volume', 'prune', '-f'), 'Total reclaimed space: 0B');
  // What options mount is not this engine's to lose.
  assert.equal(await volumes(), ['elsewhere', 'kept', 'mounted']);
  await docker('volume', 'rm', 'elsewhere');
  assert.equal(await told('volume', since), [
    'destroy local',
    'destroy local',
    'destroy local',
    'prune 0',
    'prune 2048000',
    'prune 2048000',
  ]);
  assert.equal(
    (await acts('volume.*', '--object', 'named')).map(({ verb, removed }) => [verb, removed]),
    [['volume.prune', ['volume/named']]],
  );
  assert.match((await daemon.shiplog(['why', 'named'])).stdout, /volume named is gone[^]*volume\.prune\.succeeded/);
  await docker('rm', 'down');
  assert.match(lines(await docker('volume', 'prune', '-af')).join(' '), /^Deleted Volumes: Total reclaimed space: 0B kept mounted$/);
});

test('given an application of compose, when it is stopped, then prunes leave it its volumes, and networks are made anew; when it is down, then they take that, and it comes up anew', async () => {
  await compose('up', '-d');
  await compose('stop');
  assert.equal(lines(await docker('network', 'prune', '-f')), ['Deleted Networks:', 'shop_back']);
  assert.match(await docker('volume', 'prune', '-af'), 'Total reclaimed space: 0B');
  await compose('up', '-d');
  assert.is(await stored(), 'stored');
  await compose('rm', '-fs');
  assert.equal(lines(await docker('network', 'prune', '-f')), ['Deleted Networks:', 'shop_back']);
  assert.match(await docker('volume', 'prune', '-af'), /^Deleted Volumes:\nshop_data\n+Total reclaimed space: 7B$/);
  await compose('up', '-d');
  assert.is(await stored(), 'stored');
  // The engine after this one knows what went.
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.equal([await networks(), await volumes()], [['bridge', 'host', 'none', 'shop_back'], ['shop_data']]);
  await compose('down', '-v');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given what runs beside what is not used, when shiplog prunes the whole engine, then the second goes, and the log still tells of it', async () => {
  const shiplog = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon.shiplog(args);
    assert.is(code, 0, `shiplog ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  await docker('run', '-d', '--name', 'going', IMAGE, 'sleep', '600');
  await docker('run', '--name', 'over', '-v', '/left', IMAGE, 'sh', '-c', 'echo 1234567 > /left/behind; echo 890 > /written');
  await docker('commit', 'over', 'made:1');
  await docker('network', 'create', 'lonely');
  await docker('volume', 'create', 'mine');
  const over = await docker('inspect', '-f', '{{.Id}}', 'over');
  const position = (await shiplog('info', '--format', '{{.Shiplog.durableSeq}}')).trim();
  const spared = await shiplog('system', 'prune', '--force', '--filter', 'until=1 day ago', '--format', 'json');
  assert.equal(JSON.parse(spared), { ContainersDeleted: [], NetworksDeleted: [], ImagesDeleted: [], SpaceReclaimed: 0 });
  const [anonymous = ''] = (await volumes()).filter((name) => name !== 'mine');
  const pruned = await shiplog('system', 'prune', '--all', '--volumes', '--force');
  assert.match(
    pruned,
    new RegExp(
      `^Deleted Containers:\n${over}\n\nDeleted Networks:\nlonely\n\nDeleted Volumes:\n${anonymous}\n\nDeleted Images:\nUntagged: made:1\nDeleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: \\S+B\n$`,
    ),
  );
  assert.is(await docker('ps', '-a', '--format', '{{.Names}}'), 'going');
  assert.is(await docker('images', '--format', '{{.Repository}}:{{.Tag}}'), IMAGE);
  assert.equal(await volumes(), ['mine']);
  assert.is(await shiplog('volume', 'prune', '-af', '--format', '{{json .VolumesDeleted}}'), '["mine"]\n');
  assert.match(await shiplog('inspect', '--type', 'container', '-f', '{{.Name}}', 'over', '--at', position), '/over');
  await docker('rm', '-f', 'going');
});

test.run();
