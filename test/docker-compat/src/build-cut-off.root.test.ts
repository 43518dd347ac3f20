// time limit: 300 s
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { Builds, IMAGE } from './builds.ts';
import { ask } from './raw-http.ts';
import { tarOf } from './tar-of.ts';

const { test, builds } = await Builds.suite('docker build of what is hostile, or cut off');
const { daemon } = builds;

const post = async (entries: Parameters<typeof tarOf>[0], query = '') =>
  ask(daemon.socket, 'POST', `/build?forcerm=1${query}`, await tarOf(entries));
const SLOW = [{ name: 'Dockerfile', text: `FROM ${IMAGE}\nRUN echo first > /first\nRUN echo under way; sleep 1000\n` }];

/** The last build in the log, as far as it has come. */
async function lastBuild() {
  const events = await daemon.events();
  const intent = events.findLast(({ type }) => type === 'image.build.requested');
  const own = events.filter(({ op }) => op === intent?.op);
  return { intent, outcome: own.find(({ kind }) => kind === 'outcome'), events };
}

/** Begins a build and resolves when its last command runs; the caller may hang up. */
async function underWay(): Promise<{ readonly hangUp: () => void; readonly ended: Promise<void> }> {
  const body = await tarOf(SLOW);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const call = request({ socketPath: daemon.socket, method: 'POST', path: '/build', agent: false }, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('under way\\n')) resolve();
    });
    response.on('error', () => end()).on('close', () => end());
  });
  call.on('error', () => end()).end(body);
  await Promise.race([begun, ended]);
  return { hangUp: () => call.destroy(), ended };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(50);
}

/** Mounts and snapshots that are of no container and no layer. */
async function contexts(): Promise<readonly string[]> {
  const mounted = await readdir(join(daemon.directory, 'run', 'rootfs')).catch(() => []);
  return mounted;
}

test('given hostile contexts, when they are built, then nothing of the host is read or written', async () => {
  const outside = join(builds.scratch, 'outside');
  await writeFile(outside, 'of the host');
  const dockerfile = (line: string) => ({ name: 'Dockerfile', text: `FROM ${IMAGE}\n${line}\n` });
  const cases: readonly (readonly [what: string, entries: Parameters<typeof tarOf>[0], message: string])[] = [
    ['a name that climbs', [{ name: '../../../escaped', text: 'x' }, dockerfile('RUN true')], 'points outside'],
    ['a hard link that climbs', [{ name: 'h', type: 'hardlink', linkName: '../../../etc/shadow' }, dockerfile('COPY h /')], ''],
    ['a link to the host', [{ name: 'l', type: 'symlink', linkName: outside }, dockerfile('COPY l /l')], 'file does not exist'],
    ['a Dockerfile that is one', [{ name: 'Dockerfile', type: 'symlink', linkName: outside }], 'file does not exist'],
    ['a Dockerfile that is a directory', [{ name: 'Dockerfile', type: 'directory' }], 'is a directory'],
    ['a Dockerfile without end', [{ name: 'Dockerfile', text: `FROM ${IMAGE}\n${'#'.repeat(1_100_000)}` }], 'is larger than'],
    ['no Dockerfile', [{ name: 'x', text: 'x' }], 'Cannot locate specified Dockerfile: Dockerfile'],
    ['an archive that is none', [dockerfile('ADD b.tar.gz /'), { name: 'b.tar.gz', text: '\u001f' }], ''],
  ];
  for (const [what, entries, message] of cases) {
    const { body } = await post(entries);
    assert.not.match(body, 'of the host', what);
    assert.ok(body.includes(message), `${what}: ${body}`);
    if (message !== '') assert.match(body, /"(?:message|error)":/, what);
  }
  // What is in the context is followed within it, and what is in the image within that.
  const { body } = await post(
    [
      { name: 'd', type: 'directory', mode: 0o755 },
      { name: 'd/f', text: 'mine' },
      { name: 'l', type: 'symlink', linkName: '/d/f' },
      dockerfile(`RUN mkdir -p ${builds.scratch} && ln -s ${builds.scratch} /out\nCOPY l /copied\nCOPY d /out/`),
    ],
    '&t=hostile',
  );
  assert.match(body, 'Successfully tagged hostile:latest', body);
  assert.is(await builds.says('hostile', `cat /copied ${builds.scratch}/f`), 'minemine');
  assert.not(existsSync(join(builds.scratch, 'f')));
  for (const path of ['/escaped', '/work/escaped', join(daemon.directory, 'escaped')]) assert.not(existsSync(path));
  assert.equal(await contexts(), []);
});

test('given a device in a context, when it is copied, then it is no file of the host', async () => {
  const { body } = await post([
    { name: 'zero', type: 'char', major: 1, minor: 5 },
    { name: 'Dockerfile', text: `FROM ${IMAGE}\nCOPY zero /zero\nRUN test -c /zero\n` },
  ]);
  // Docker makes it; what it may be opened for the container's device rules say.
  assert.match(body, 'Successfully built', body);
});

test('given a build under way, when its client goes away, then it is canceled and nothing of it runs on', async () => {
  const { hangUp, ended } = await underWay();
  hangUp();
  await ended;
  await until(async () => (await lastBuild()).outcome !== undefined);
  const { outcome } = await lastBuild();
  assert.equal([outcome?.type, outcome?.result?.status], ['image.build.failed', 'canceled']);
  assert.is(await builds.containers(), '');
  assert.equal(await contexts(), []);
});

test('given a build under way, when the engine is killed, then the next one tells it as interrupted and clears it away', async () => {
  const { ended } = await underWay();
  assert.is((await contexts()).length, 2);
  await daemon.end('SIGKILL');
  await ended;
  await daemon.start();
  const { intent, outcome, events } = await lastBuild();
  assert.equal([outcome?.type, outcome?.result?.status, outcome?.result?.error?.code], ['image.build.failed', 'failed', 'CANCELED']);
  assert.is(await builds.containers(), '');
  assert.equal(await contexts(), []);
  assert.equal(
    events.filter(({ type, seq }) => type === 'host.drifted' && seq > (intent?.seq ?? 0)),
    [],
  );
  // What was done by then serves the next one.
  const { body } = await post([{ name: 'Dockerfile', text: `FROM ${IMAGE}\nRUN echo first > /first\n` }]);
  assert.match(body, 'Using cache');
});

test('given a build, when its events are read, then each command of it names the build as its cause', async () => {
  const steps = [`FROM ${IMAGE}`, 'ARG PIN', 'COPY Dockerfile /', 'ENV CODE=93', 'RUN true'];
  await builds.built(steps, {}, '-t', 'caused', '--no-cache', '--build-arg', 'PIN=735');
  const { intent, outcome, events } = await lastBuild();
  const caused = events.filter((event) => event.kind === 'intent' && (event as { cause?: number }).cause === intent?.seq);
  const counts: Record<string, number> = {};
  for (const { type, actor } of caused) {
    assert.is(actor.scheme, 'system');
    counts[type] = (counts[type] ?? 0) + 1;
  }
  assert.equal(counts, {
    'container.create.requested': 4,
    'container.start.requested': 1,
    'image.commit.requested': 4,
    'container.remove.requested': 4,
    'image.tag.requested': 1,
  });
  assert.is(intent?.actor.scheme, 'unix');
  // All of it is decided the same again, and a simulation needs no builder.
  const copy = join(builds.scratch, 'log.ndjson');
  await writeFile(copy, (await daemon.shiplog(['log', 'export', '--format', 'ndjson'])).stdout);
  for (const [mode, words] of [
    ['redecide', 'no difference'],
    ['simulate', 'image.build'],
  ] as const) {
    const { code, stdout, stderr } = await daemon.shiplog(['replay', mode, copy]);
    assert.equal([code, stdout.includes(words)], [0, true], `${mode}: ${stdout}${stderr}`);
  }
  // Values are nobody's business, however short.
  assert.match(await builds.ok('history', '--no-trunc', 'caused'), '|1 PIN=735 /bin/sh -c true');
  const log = JSON.stringify(events);
  for (const [name, value] of [
    ['PIN', '735'],
    ['CODE', '93'],
  ])
    assert.ok(log.includes(`${name}=[`) && !log.includes(`${name}=${value}`), name);
  assert.match(String(outcome?.data['dockerfile']), /^[0-9a-f]{64}$/);
  assert.match(String(outcome?.data['context']), /^[0-9a-f]{64}$/);
});

test('given what BuildKit’s clients ask for, when it is refused, then they are told what to set', async () => {
  for (const path of ['/session', '/grpc', '/build?version=2'])
    assert.match((await ask(daemon.socket, 'POST', path)).body, 'DOCKER_BUILDKIT=0', path);
});

test('given all of it, then nothing is left on the host', async () => {
  assert.equal(await hostTraces(daemon.directory), []);
});

test.run();
