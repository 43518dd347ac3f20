import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { NOW, runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('prune');

const ANSWERS = {
  containers: { ContainersDeleted: ['c1', 'c2'], SpaceReclaimed: 1000 },
  networks: { NetworksDeleted: null },
  volumes: { VolumesDeleted: ['v1'], SpaceReclaimed: 500_000 },
  images: { ImagesDeleted: [{ Untagged: 'a:1' }, { Deleted: 'sha256:1' }], SpaceReclaimed: 4_000_000 },
};

async function withAnswers(work: (daemon: FakeDaemon) => Promise<void>): Promise<void> {
  await FakeDaemon.run(async (daemon) => {
    for (const [kind, answer] of Object.entries(ANSWERS)) daemon.answers.set(`POST /${kind}/prune`, () => answer);
    await work(daemon);
  });
}

/** Filters that the engine was asked with, by what was asked. */
function filtersOf(daemon: FakeDaemon): readonly (readonly [string, unknown])[] {
  return daemon.seen
    .filter(({ path }) => path.endsWith('/prune'))
    .map(({ path, query }) => [path.split('/')[1] ?? '', JSON.parse(query.get('filters') ?? 'null')] as const);
}

test('given nobody to ask, when something is to be pruned without --force, then nothing is asked of the engine', async () => {
  await withAnswers(async (daemon) => {
    for (const verb of ['container', 'image', 'network', 'volume', 'system']) {
      const ran = await runShiplog([verb, 'prune'], { host: daemon.host, input: 'y\n' });
      assert.is(ran.code, 125);
      assert.match(ran.stderr, `${verb} prune removes for good, and there is no terminal to ask on\nsay --force`);
    }
    assert.equal(daemon.calls, []);
  });
});

test('given --force, when all is pruned, then people read kind by kind what went, and how much came free', async () => {
  await withAnswers(async (daemon) => {
    const ran = await runShiplog(['system', 'prune', '-af', '--volumes'], { host: daemon.host });
    assert.is(
      ran.stdout,
      [
        'Deleted Containers:',
        'c1',
        'c2',
        '',
        'Deleted Volumes:',
        'v1',
        '',
        'Deleted Images:',
        'Untagged: a:1',
        'Deleted: sha256:1',
        '',
        'Total reclaimed space: 4.5MB',
        '',
      ].join('\n'),
    );
    assert.equal(filtersOf(daemon), [
      ['containers', null],
      ['networks', null],
      ['volumes', null],
      ['images', { dangling: ['false'] }],
    ]);
  });
});

test('given programs, when they prune, then they read one object or a field of it, and nothing is null', async () => {
  await withAnswers(async (daemon) => {
    const out = async (...argv: string[]): Promise<string> => (await runShiplog([...argv, '--force'], { host: daemon.host })).stdout;
    assert.equal(JSON.parse(await out('network', 'prune', '--format', 'json')), { NetworksDeleted: [] });
    assert.is(await out('network', 'prune'), 'Nothing to remove\n');
    assert.is(await out('image', 'prune', '--format', '{{.SpaceReclaimed}}'), '4000000\n');
    assert.equal(JSON.parse(await out('system', 'prune', '--format', 'json')), {
      ContainersDeleted: ['c1', 'c2'],
      NetworksDeleted: [],
      ImagesDeleted: ANSWERS.images.ImagesDeleted,
      SpaceReclaimed: 4_001_000,
    });
  });
});

test('given filters, when something is pruned, then the engine gets them, times as seconds', async () => {
  await withAnswers(async (daemon) => {
    const run = async (...argv: string[]): Promise<number> => (await runShiplog([...argv, '-f'], { host: daemon.host })).code;
    assert.is(await run('container', 'prune', '--filter', 'until=2 hours ago', '--filter', 'label!=keep', '--filter', 'label!=app=web'), 0);
    assert.is(await run('volume', 'prune', '-a', '--filter', 'label=ci'), 0);
    assert.equal(filtersOf(daemon), [
      ['containers', { until: [`${NOW / 1000 - 7200}.000000000`], 'label!': ['keep', 'app=web'] }],
      ['volumes', { label: ['ci'], all: ['true'] }],
    ]);
  });
});

test('given filters that not all kinds have, when all is pruned, then it is refused before anything goes', async () => {
  await withAnswers(async (daemon) => {
    const told = async (...argv: string[]): Promise<string> =>
      (await runShiplog(['system', 'prune', '-f', ...argv], { host: daemon.host })).stderr;
    assert.match(await told('--filter', 'dangling=true'), 'not everything has the filter "dangling"');
    assert.match(await told('--volumes', '--filter', 'until=1h'), 'volumes have no filter "until"');
    assert.match(await told('--filter', 'until=soon'), 'soon');
    assert.equal(daemon.calls, []);
  });
});

test('given a kind that fails, when all is pruned, then the others go, all is told, and the exit code is 1', async () => {
  await withAnswers(async (daemon) => {
    daemon.answers.set('POST /networks/prune', () => [500, { message: 'the bridge is stuck' }]);
    const ran = await runShiplog(['system', 'prune', '-f'], { host: daemon.host });
    assert.is(ran.code, 1);
    assert.match(ran.stderr, 'the bridge is stuck');
    assert.match(ran.stdout, /c1\n[^]*Deleted: sha256:1\n\nTotal reclaimed space: 4MB\n$/);
  });
});

test('given an engine that prunes volumes with names unasked, when it is not said that they may go, then it is not asked', async () => {
  await withAnswers(async (daemon) => {
    daemon.apiVersion = '1.41';
    const ran = await runShiplog(['volume', 'prune', '-f'], { host: daemon.host });
    assert.is(ran.code, 1);
    assert.match(ran.stderr, 'Docker API 1.41: it would prune volumes with names, too');
    assert.equal(daemon.calls, []);
    assert.is((await runShiplog(['volume', 'prune', '-af'], { host: daemon.host })).code, 0);
    assert.equal(filtersOf(daemon), [['volumes', null]]);
  });
});

test.run();
