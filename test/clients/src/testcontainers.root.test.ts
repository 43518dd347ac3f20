// time limit: 240 s
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, TestDaemon } from '@shiplog/test-support';

const IMAGE = 'busybox:test';
const SERVE = ['httpd', '-f', '-p', '8080', '-h', '/www'];

const test = suite('testcontainers');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-testcontainers-'));
// Tests ask nobody out there.
const config = join(scratch, 'shiplogd.json');
await writeFile(config, JSON.stringify({ driverOptions: { 'image-source/registry': { only: 'registry.invalid' } } }));
const daemon = await TestDaemon.start({ extra: ['--config', config] });
// Its reaper is an image of a registry, and no registry is asked here.
Object.assign(process.env, daemon.env, { TESTCONTAINERS_RYUK_DISABLED: 'true' });
// Where the daemon is it reads from the environment.
const { GenericContainer, Network, Wait } = await import('testcontainers');

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), IMAGE);
  assert.is((await daemon.docker(['load', '-q', '-i', join(scratch, 'busybox.tar')])).code, 0);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

function container(command: readonly string[]) {
  return new GenericContainer(IMAGE).withCommand([...command]).withStartupTimeout(60_000);
}

for (const [what, strategy] of [
  ['a port', Wait.forListeningPorts()],
  ['a page', Wait.forHttp('/', 8080).forStatusCode(200)],
  ['its health', Wait.forHealthCheck()],
  ['a command', Wait.forSuccessfulCommand('wget -q -O - http://127.0.0.1:8080/')],
] as const) {
  test(`given a container that serves, when it is waited for by ${what}, then its mapped port answers until it is stopped`, async () => {
    const serving = await container(SERVE)
      .withExposedPorts(8080)
      .withHealthCheck({
        test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/'],
        interval: 200,
        timeout: 20_000,
        retries: 100,
      })
      .withWaitStrategy(strategy)
      .start();
    const url = `http://${serving.getHost()}:${serving.getMappedPort(8080)}/`;
    assert.is(await (await fetch(url)).text(), 'hello\n');
    await serving.stop();
    assert.ok(
      await fetch(url).then(
        () => false,
        () => true,
      ),
    );
  });
}

test('given files, directories, contents and archives, when they are copied in before the start and while it runs, then they are there, and come out again', async () => {
  const files = await mkdtemp(join(scratch, 'files-'));
  await writeFile(join(files, 'file'), 'of a file');
  const running = await container(['sleep', '600'])
    .withCopyFilesToContainer([{ source: join(files, 'file'), target: '/etc/before', mode: 0o600 }])
    .withCopyDirectoriesToContainer([{ source: files, target: '/made/here' }])
    .withCopyContentToContainer([{ content: 'of nothing', target: '/etc/content' }])
    .start();
  await running.copyFilesToContainer([{ source: join(files, 'file'), target: '/etc/after' }]);
  await running.copyContentToContainer([{ content: 'of nothing', target: '/deep/er/content' }]);
  const { output } = await running.exec([
    'sh',
    '-c',
    'stat -c %a /etc/before; cat /etc/before /made/here/file /etc/content /etc/after /deep/er/content',
  ]);
  assert.is(output, '600\nof a fileof a fileof nothingof a fileof nothing');
  const out = await running.copyArchiveFromContainer('/made');
  const names: string[] = [];
  const reading = extract();
  reading.on('entry', ({ name }, stream, next) => {
    names.push(name);
    stream.resume().on('end', next);
  });
  await pipeline(out as Readable, reading);
  assert.equal(names.toSorted(), ['made/', 'made/here/', 'made/here/file']);
  await running.copyArchiveToContainer((await running.copyArchiveFromContainer('/made')) as Readable, '/tmp');
  assert.is((await running.exec(['cat', '/tmp/made/here/file'])).output, 'of a file');
  await running.stop();
});

test('given a container that writes, when a line is waited for, then its output is read from the beginning', async () => {
  const telling = await container(['sh', '-c', 'echo first; echo ready to serve; exec sleep 600'])
    .withWaitStrategy(Wait.forLogMessage(/ready to \w+/))
    .start();
  const output = (await telling.logs()) as Readable;
  let heard = '';
  for await (const chunk of output) if ((heard += String(chunk)).includes('ready')) break;
  assert.match(heard, /first\n?[^]*ready to serve/);
  await telling.stop();
});

test('given a container that ends at once, when its end is waited for, then the start succeeds; one that fails is told', async () => {
  const once = await container(['true']).withWaitStrategy(Wait.forOneShotStartup()).start();
  await once.stop();
  const failing = container(['false']).withWaitStrategy(Wait.forOneShotStartup());
  assert.ok(
    await failing.start().then(
      () => false,
      () => true,
    ),
  );
});

test('given environment, labels, user and a tmpfs, when a command is run inside, then it has them; a restart keeps the container', async () => {
  const started = await container(['sleep', '600'])
    .withEnvironment({ WORD: 'said' })
    .withLabels({ mark: 'mine' })
    .withUser('nobody')
    .withTmpFs({ '/scratch': 'rw,mode=1777' })
    .start();
  const ran = await started.exec(['sh', '-c', 'echo $WORD; id -u; touch /scratch/x && echo wrote; echo aside >&2; exit 3']);
  assert.equal([ran.exitCode, ran.stdout, ran.stderr], [3, 'said\n65534\nwrote\n', 'aside\n']);
  assert.is(started.getLabels()['mark'], 'mine');
  const id = started.getId();
  await started.restart({ timeout: 0 });
  assert.is(started.getId(), id);
  assert.is((await started.exec(['true'])).exitCode, 0);
  await started.stop();
});

test('given a network, when containers join it, then each is there by address and alias, and it goes when they have gone', async () => {
  const network = await new Network().start();
  const serving = await container(SERVE).withNetwork(network).withNetworkAliases('db').start();
  const asking = await container(['sleep', '600']).withNetwork(network).start();
  for (const host of [serving.getIpAddress(network.getName()), 'db']) {
    const answer = await asking.exec(['wget', '-q', '-O', '-', `http://${host}:8080/`]);
    assert.equal([answer.exitCode, answer.stdout], [0, 'hello\n'], answer.stderr);
  }
  await asking.stop();
  await serving.stop();
  await network.stop();
});

test('given an image that nobody has, when a container of it is started, then the error says that no source has it', async () => {
  const failed = await new GenericContainer('nobody/none:1').start().then(
    () => 'it did not fail',
    (error: unknown) => String(error),
  );
  assert.match(failed, 'manifest for nobody/none:1 not found');
});

test('given a Dockerfile, when a container is made of it, then it runs what was built, with its arguments and target', async () => {
  const context = await mkdtemp(join(scratch, 'context-'));
  const lines = [`FROM ${IMAGE} AS first`, 'ARG GREETING=none', 'COPY page /www/index.html', 'RUN echo "$GREETING" >> /www/index.html'];
  const serve = [...lines, 'EXPOSE 8080', `CMD ${JSON.stringify(SERVE)}`, 'FROM scratch', 'COPY --from=first /www /'];
  await writeFile(join(context, 'Dockerfile.test'), serve.join('\n'));
  await writeFile(join(context, 'page'), 'copied\n');
  const image = await GenericContainer.fromDockerfile(context, 'Dockerfile.test')
    .withBuildArgs({ GREETING: 'argued' })
    .withTarget('first')
    .withCache(false)
    .build('built-by/testcontainers:1', { deleteOnExit: false });
  const running = await image.withExposedPorts(8080).withWaitStrategy(Wait.forHttp('/', 8080)).withStartupTimeout(60_000).start();
  const url = `http://${running.getHost()}:${running.getMappedPort(8080)}/`;
  assert.is(await (await fetch(url)).text(), 'copied\nargued\n');
  await running.stop();
  await writeFile(join(context, 'Dockerfile.test'), `FROM ${IMAGE}\nRUN exit 9\n`);
  const failure = await GenericContainer.fromDockerfile(context, 'Dockerfile.test')
    .build()
    .then(() => '', String);
  // What the engine says of it, the client keeps to itself.
  assert.match(failure, 'Failed to build image');
  await daemon.docker(['rm', '-f', ...(await daemon.docker(['ps', '-aq'])).stdout.split('\n').filter((id) => id !== '')]);
});

test('given all of the above, when it is done, then nothing is left of it', async () => {
  const { stdout } = await daemon.docker(['ps', '-aq']);
  for (const id of stdout.split('\n').filter((line) => line !== '')) await daemon.docker(['rm', '-f', id]);
  assert.is((await daemon.docker(['network', 'ls', '-q', '--filter', 'type=custom'])).stdout, '');
  assert.equal(await hostTraces(daemon.directory), []);
});

test.run();
