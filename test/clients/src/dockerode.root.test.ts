// time limit: 240 s
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReadStream, createWriteStream } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import Docker from 'dockerode';
import { extract, pack } from 'tar-stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, TestDaemon } from '@shiplog/test-support';

const IMAGE = 'busybox:test';
const STDIO = { AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true };
const ATTACH = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };

const test = suite('dockerode');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-dockerode-'));
const daemon = await TestDaemon.start();
const docker = new Docker({ socketPath: daemon.socket });

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), IMAGE);
  const loaded = await docker.loadImage(createReadStream(join(scratch, 'busybox.tar')));
  assert.match(await text(loaded), `Loaded image: ${IMAGE}`);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

const containers: Docker.Container[] = [];

test.after.each(async () => {
  for (const container of containers.splice(0)) await container.remove({ force: true, v: true });
});

/** Made with a command; removed after the test. */
async function make(command: readonly string[], more: Docker.ContainerCreateOptions = {}): Promise<Docker.Container> {
  const container = await docker.createContainer({ Image: IMAGE, Cmd: [...command], ...more });
  containers.push(container);
  return container;
}

async function started(command: readonly string[], more: Docker.ContainerCreateOptions = {}): Promise<Docker.Container> {
  const container = await make(command, more);
  await container.start();
  return container;
}

/** Both halves of a multiplexed stream, to its end. */
async function halves(stream: NodeJS.ReadableStream): Promise<{ readonly out: string; readonly err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, err);
  stream.on('end', () => [out, err].forEach((half) => half.end()));
  const [o, e] = await Promise.all([text(out), text(err)]);
  return { out: o, err: e };
}

/** What a call fails with, as dockerode tells it. */
async function failure(
  call: Promise<unknown>,
): Promise<{ readonly statusCode?: number; readonly reason?: string; readonly json?: unknown }> {
  return call.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: object) => error,
  );
}

/** A tar of one file. */
function tarOf(name: string, text: string): Readable {
  const packed = pack();
  packed.entry({ name, mode: 0o640, uid: 12, gid: 34 }, text);
  packed.finalize();
  return packed as unknown as Readable;
}

test('given a container that has not run, when an archive is put into it and taken out again, then it is the same, and there when it runs', async () => {
  const container = await make(['cat', '/etc/put']);
  await container.putArchive(tarOf('put', 'put there\n'), { path: '/etc' });
  const entries: { readonly name: string; readonly mode?: number | undefined; readonly uid?: number | undefined; readonly text: string }[] =
    [];
  const reading = extract();
  reading.on('entry', ({ name, mode, uid }, stream, next) => {
    let said = '';
    stream.on('data', (chunk: unknown) => (said += String(chunk)));
    stream.on('end', () => {
      entries.push({ name, mode, uid, text: said });
      next();
    });
  });
  await pipeline((await container.getArchive({ path: '/etc/put' })) as Readable, reading);
  assert.equal(entries, [{ name: 'put', mode: 0o640, uid: 12, text: 'put there\n' }]);
  const info = await container.infoArchive({ path: '/etc/put' });
  const stat = JSON.parse(
    Buffer.from(String((info as IncomingMessage).headers['x-docker-container-path-stat']), 'base64').toString(),
  ) as object;
  assert.equal({ ...stat, mtime: '' }, { name: 'put', size: 10, mode: 0o640, mtime: '', linkTarget: '' });
  await container.start();
  await container.wait();
  assert.match(String(await container.logs({ stdout: true })), 'put there');
  const all: string[] = [];
  const listing = extract();
  listing.on('entry', ({ name }, stream, next) => {
    all.push(name);
    stream.resume().on('end', next);
  });
  await pipeline((await container.export()) as Readable, listing);
  assert.ok(all.includes('etc/put') && all.includes('bin/busybox'));
  assert.is((await failure(container.getArchive({ path: '/no' }))).statusCode, 404);
  assert.is((await failure(container.putArchive(tarOf('x', 'x'), { path: '/etc/put' }))).statusCode, 400);
});

test('given an attach before the start, when input is sent and ended, then each stream and the exit code arrive', async () => {
  const container = await make(['sh', '-c', 'cat; echo problem >&2; exit 4'], STDIO);
  const stream = await container.attach(ATTACH);
  const both = halves(stream);
  await container.start();
  stream.end('typed\n');
  assert.equal(await container.wait(), { StatusCode: 4 });
  assert.equal(await both, { out: 'typed\n', err: 'problem\n' });
});

test('given a terminal, when it is resized and typed into, then the process sees size and input', async () => {
  const container = await make(['sh'], { ...STDIO, Tty: true });
  const stream = await container.attach(ATTACH);
  const heard = text(stream);
  await container.start();
  await container.resize({ h: 31, w: 97 });
  stream.write('stty size; exit 3\n');
  assert.equal(await container.wait(), { StatusCode: 3 });
  assert.match(await heard, /31 97/);
});

test('given docker.run, when it has no terminal, then output comes apart', async () => {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const [heard, complained] = [text(out), text(err)];
  const command = ['sh', '-c', 'echo ran; echo so >&2; exit 5'];
  const [ended, container] = (await docker.run(IMAGE, command, [out, err], { Tty: false })) as [{ StatusCode: number }, Docker.Container];
  containers.push(container);
  [out, err].forEach((half) => half.end());
  assert.equal([ended.StatusCode, await heard, await complained], [5, 'ran\n', 'so\n']);
});

test('given a container that writes, when its log is followed, then lines come apart until the end; an abort ends it early', async () => {
  // Whether it ends before its log is looked at, is begun, or is read, is chance.
  for (let round = 0; round < 10; round += 1) {
    const brief = await started(['sh', '-c', 'echo out; echo err >&2']);
    const followed = await halves(await brief.logs({ follow: true, stdout: true, stderr: true }));
    assert.equal(followed, { out: 'out\n', err: 'err\n' });
  }
  const endless = await started(['sh', '-c', 'while true; do echo tick; sleep 0.1; done']);
  const abort = new AbortController();
  const stream = await endless.logs({ follow: true, stdout: true, abortSignal: abort.signal });
  const ended = new Promise((resolve) => stream.on('error', resolve).on('close', resolve));
  stream.once('data', () => abort.abort());
  await ended;
  assert.is((await endless.inspect()).State.Status, 'running');
});

test('given an exec session with input, when it ends, then its output, exit code and state are told', async () => {
  const container = await started(['sleep', '600']);
  const exec = await container.exec({
    Cmd: ['sh', '-c', 'cat; echo $WORD >&2; exit 6'],
    Env: ['WORD=said'],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  const both = halves(stream);
  stream.end('in\n');
  assert.equal(await both, { out: 'in\n', err: 'said\n' });
  const { ExitCode, Running } = await exec.inspect();
  assert.equal([ExitCode, Running], [6, false]);
  assert.is((await failure(exec.start({}))).statusCode, 409);
});

test('given a container that runs, when it is measured, listed and changed, then the answers are its own', async () => {
  const container = await started(['sleep', '600'], { name: 'first', Labels: { mark: 'mine' } });
  const { memory_stats } = await container.stats({ stream: false });
  assert.ok(memory_stats.usage > 0);
  const samples = await container.stats({ stream: true });
  let count = 0;
  for await (const _ of samples) if ((count += 1) === 2) break;
  assert.is(count, 2);
  const { Processes } = await container.top({ ps_args: '-o pid,args' });
  assert.equal(
    (Processes as readonly (readonly string[])[]).map(([, command]) => command),
    ['sleep 600'],
  );
  await container.update({ Memory: 64 << 20, MemorySwap: 128 << 20 });
  await container.rename({ name: 'second' });
  const found = await docker.getContainer('second').inspect();
  assert.equal([found.Id, found.Name, found.HostConfig.Memory], [container.id, '/second', 64 << 20]);
  const listed = await docker.listContainers({ filters: { label: ['mark=mine'] } });
  assert.equal(
    listed.map(({ Names, State }) => [Names, State]),
    [[['/second'], 'running']],
  );
  assert.equal(await container.changes(), []);
});

test('given a container that changed, when it is committed, saved, and what takes space is asked, then each answer is of it', async () => {
  const container = await started(['sh', '-c', 'echo made > /made']);
  await container.wait();
  const made = (await container.commit({ repo: 'committed', tag: '1', comment: 'kept', changes: 'CMD cat /made' })) as { Id: string };
  const image = docker.getImage('committed:1');
  const { Id, Config, Comment } = await image.inspect();
  assert.equal([Id, Config.Cmd, Comment], [made.Id, ['/bin/sh', '-c', 'cat /made'], 'kept']);
  const usage = (await docker.df()) as {
    readonly Images: readonly { readonly Id: string; readonly Size: number; readonly SharedSize: number }[];
    readonly Containers: readonly { readonly Id: string; readonly SizeRootFs: number }[];
  };
  const measured = usage.Images.find((one) => one.Id === made.Id);
  assert.ok(measured !== undefined && measured.SharedSize > 0 && measured.Size > measured.SharedSize, JSON.stringify(measured));
  assert.ok((usage.Containers.find((one) => one.Id === container.id)?.SizeRootFs ?? 0) > 0);
  const archive = join(scratch, 'committed.tar');
  await pipeline(await image.get(), createWriteStream(archive));
  await image.remove();
  assert.match(await text(await docker.loadImage(createReadStream(archive))), 'Loaded image: committed:1');
  const again = await docker.createContainer({ Image: 'committed:1' });
  await again.start();
  await again.wait();
  // Without a terminal: a header of eight bytes, and the line.
  assert.is(String(await again.logs({ stdout: true })).slice(8), 'made\n');
  await again.remove();
  await image.remove();
});

test('given a stream of events, when a container is paused and unpaused, then both come in order', async () => {
  const container = await started(['sleep', '600']);
  const events = (await docker.getEvents({ filters: { container: [container.id] } })) as Readable;
  const heard: string[] = [];
  const listening = (async () => {
    for await (const line of events) {
      for (const event of String(line).trim().split('\n')) heard.push((JSON.parse(event) as { Action: string }).Action);
      if (heard.length === 2) return;
    }
  })();
  await container.pause();
  await container.unpause();
  await listening;
  assert.equal(heard, ['pause', 'unpause']);
});

test('given what cannot be done, when it is asked for, then the error has code, reason and message', async () => {
  const unknown = await failure(docker.getContainer('nobody').inspect());
  assert.equal([unknown.statusCode, unknown.reason, unknown.json], [404, 'no such container', { message: 'No such container: nobody' }]);
  const container = await started(['sleep', '600'], { name: 'taken' });
  assert.is((await failure(container.start())).statusCode, 304);
  assert.is((await failure(docker.createContainer({ Image: IMAGE, name: 'taken' }))).statusCode, 409);
  assert.is((await failure(container.remove())).statusCode, 409);
  assert.is((await failure(docker.createContainer({ Image: 'nobody:1' }))).statusCode, 404);
  await container.stop({ t: 0 });
  assert.is((await failure(container.stop())).statusCode, 304);
  // What is not there yet says so.
  const search = await failure(docker.searchImages({ term: 'x' }));
  assert.is(search.statusCode, 501);
  assert.match(String(search), /is not implemented by this engine yet/);
});

test('given a health check, when what it looks for comes and goes, then state, list and events tell', async () => {
  const container = await make(['sleep', '600'], {
    Healthcheck: { Test: ['CMD-SHELL', 'test -e /tmp/well'], Interval: 100e6, Timeout: 20e9, Retries: 2 },
  });
  const filters = { container: [container.id], event: ['health_status'] };
  const events = (await docker.getEvents({ filters })) as Readable;
  const statuses = events[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (JSON.parse(String((await statuses.next()).value)) as { Action: string }).Action;
  const shell = async (line: string): Promise<void> => {
    const exec = await container.exec({ Cmd: ['sh', '-c', line], AttachStdout: true });
    await text(await exec.start({}));
  };
  await container.start();
  assert.is(await next(), 'health_status: unhealthy');
  const { State, Config } = await container.inspect();
  assert.is(State.Health?.Status, 'unhealthy');
  assert.ok((State.Health?.FailingStreak ?? 0) >= 2);
  assert.equal(Config.Healthcheck?.Test, ['CMD-SHELL', 'test -e /tmp/well']);
  await shell('touch /tmp/well');
  assert.is(await next(), 'health_status: healthy');
  const [listed] = await docker.listContainers({ filters: { health: ['healthy'] } });
  assert.match(listed?.Status ?? '', /^Up .* \(healthy\)$/);
  await shell('rm /tmp/well');
  assert.is(await next(), 'health_status: unhealthy');
  events.destroy();
});

test('given a restart policy, when the process fails, then it is started again, as often as was said, until somebody stops it', async () => {
  const failing = await started(['sh', '-c', 'echo tried; exit 1'], {
    HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
  });
  // A follower stays through restarts.
  assert.is((await halves(await failing.logs({ follow: true, stdout: true }))).out, 'tried\n'.repeat(3));
  const { RestartCount, State } = await failing.inspect();
  assert.equal([RestartCount, State.Status, State.ExitCode], [2, 'exited', 1]);
  const steady = await started(['sleep', '600'], { HostConfig: { RestartPolicy: { Name: 'always' } } });
  const before = (await steady.inspect()).State.Pid;
  const events = (await docker.getEvents({ filters: { container: [steady.id], event: ['start'] } })) as Readable;
  process.kill(before, 'SIGKILL');
  for await (const _ of events) break;
  const again = await steady.inspect();
  assert.equal([again.State.Status, again.RestartCount, again.State.Pid === before], ['running', 1, false]);
  await steady.stop({ t: 0 });
  assert.is((await steady.inspect()).State.Status, 'exited');
});

test('given an image, when it is tagged, listed, looked at and removed, then each name is its own', async () => {
  const image = docker.getImage(IMAGE);
  await image.tag({ repo: 'other', tag: 'v1' });
  const [listed] = await docker.listImages();
  assert.equal(listed?.RepoTags?.toSorted(), [IMAGE, 'other:v1']);
  assert.equal(await docker.getImage('other:v1').remove(), [{ Untagged: 'other:v1' }]);
  assert.equal((await image.inspect()).RepoTags, [IMAGE]);
  assert.is(((await image.history()) as readonly unknown[]).length, 1);
});

test('given networks and volumes, when containers use them, then they are kept until nobody does', async () => {
  const network = await docker.createNetwork({ Name: 'net', Labels: { mark: 'mine' } });
  await docker.createVolume({ Name: 'vol', Labels: { mark: 'mine' } });
  const container = await started(['sh', '-c', 'echo kept > /data/file; sleep 600'], { HostConfig: { Binds: ['vol:/data'] } });
  await network.connect({ Container: container.id });
  assert.ok(Object.keys((await network.inspect()).Containers ?? {}).includes(container.id));
  assert.is((await failure(network.remove())).statusCode, 403);
  await network.disconnect({ Container: container.id });
  await network.remove();
  assert.is((await failure(docker.getVolume('vol').remove())).statusCode, 409);
  await container.remove({ force: true });
  containers.length = 0;
  assert.equal(
    (await docker.listVolumes({ filters: { label: ['mark'] } })).Volumes.map(({ Name }) => Name),
    ['vol'],
  );
  await docker.getVolume('vol').remove();
  assert.is((await failure(docker.getVolume('vol').inspect())).statusCode, 404);
});

test('given what nobody uses, when it is pruned, then that goes and all else stays', async () => {
  const unused = await docker.createNetwork({ Name: 'unused', Labels: { mark: 'mine' } });
  await docker.createNetwork({ Name: 'used' });
  await docker.createVolume({ Name: 'named' });
  const keeper = await started(['sleep', '600'], { HostConfig: { NetworkMode: 'used', Binds: ['kept:/kept'] } });
  await make(['true'], { Volumes: { '/anonymous': {} } });
  await (containers.pop() as Docker.Container).remove();
  assert.equal((await docker.pruneNetworks({ filters: { label: ['mark=others'] } })).NetworksDeleted, null);
  assert.equal((await docker.pruneNetworks()).NetworksDeleted, ['unused']);
  assert.is((await failure(unused.inspect())).statusCode, 404);
  assert.is((await docker.pruneVolumes()).VolumesDeleted?.length, 1);
  assert.equal((await docker.pruneVolumes({ filters: { all: ['true'] } })).VolumesDeleted, ['named']);
  assert.equal(
    (await docker.listVolumes()).Volumes.map(({ Name }: { Name?: string }) => Name),
    ['kept'],
  );
  await docker.getImage(IMAGE).tag({ repo: 'other', tag: 'v2' });
  assert.equal((await docker.pruneImages({ filters: { dangling: ['false'] } })).ImagesDeleted, null, 'a container uses it');
  await docker.getImage('other:v2').remove();
  const pruned = await daemon.docker(['system', 'prune', '-f', '--volumes']);
  assert.is(pruned.code, 0, pruned.stderr);
  await keeper.remove({ force: true });
  containers.length = 0;
  await docker.pruneNetworks();
  await docker.getVolume('kept').remove();
});

test('given a context, when an image is built of it, then its progress ends with its id, and a failure with its code', async () => {
  const building = async (dockerfile: string, options: Docker.ImageBuildOptions): Promise<readonly { [field: string]: unknown }[]> => {
    const archive = pack();
    archive.entry({ name: 'Dockerfile' }, dockerfile);
    archive.entry({ name: 'file' }, 'of a context');
    archive.finalize();
    const stream = await docker.buildImage(archive as unknown as Readable, options);
    return new Promise((resolve) => docker.modem.followProgress(stream, (_, output: { [field: string]: unknown }[]) => resolve(output)));
  };
  const steps = `FROM ${IMAGE}\nARG A\nCOPY file /\nRUN cat /file; echo " $A"`;
  const lines = await building(steps, { t: 'by-dockerode', buildargs: { A: 'argued' }, labels: { by: 'dockerode' }, nocache: true });
  assert.match(lines.map(({ stream }) => stream ?? '').join(''), 'of a context argued\n');
  const { Id, Config } = await docker.getImage('by-dockerode').inspect();
  assert.equal(
    lines.flatMap(({ aux }) => (aux === undefined ? [] : [aux])),
    [{ ID: Id }],
  );
  assert.equal(Config.Labels, { by: 'dockerode' });
  const failed = await building(`FROM ${IMAGE}\nRUN exit 5`, { forcerm: true });
  const message = "The command '/bin/sh -c exit 5' returned a non-zero code: 5";
  const shiplog = { code: 'BUILD_FAILED', message, facts: { exitCode: 5, dockerfile: 'Dockerfile', line: 2 } };
  assert.equal(failed.at(-1)?.['errorDetail'], { code: 5, message, shiplog });
  await docker.getImage('by-dockerode').remove();
});

test('given all of the above, when it is done, then pruning finds what ended, and the host is as before', async () => {
  const ended = await docker.createContainer({ Image: IMAGE, Cmd: ['true'] });
  await ended.start();
  await ended.wait();
  assert.equal((await docker.pruneContainers()).ContainersDeleted, [ended.id]);
  assert.equal(await docker.listContainers({ all: true }), []);
  assert.equal(await hostTraces(daemon.directory), []);
});

test.run();
