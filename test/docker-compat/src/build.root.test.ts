// time limit: 400 s
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { hostTraces, run } from '@shiplog/test-support';
import { Builds, IMAGE } from './builds.ts';

const { test, builds } = await Builds.suite('docker build');

const SITE = [
  'ARG VERSION=none',
  `FROM busybox:\${VERSION} AS made`,
  'ARG WHO=nobody',
  'ENV GREETING="hello there" NAME=$WHO',
  'WORKDIR /work/in',
  'COPY . .',
  'RUN echo "$GREETING $NAME $WHO" > /said && \\',
  '  # why not',
  '  mkdir -p /out && cp -r sub /out',
  'LABEL stage=made',
  'FROM scratch',
  'COPY --from=made /bin /bin',
  'COPY --from=0 --chown=7:8 /said /out/sub/* /files/',
  'EXPOSE 80 53/udp',
  'VOLUME /data',
  'USER 7',
  'STOPSIGNAL SIGUSR1',
  'HEALTHCHECK --interval=10s --timeout=2s --retries=4 CMD ["true"]',
  'ENTRYPOINT ["sh", "-c"]',
  'CMD ["cat /files/said; stat -c %u:%g /files/said /files/deep"]',
  'ONBUILD RUN echo triggered',
];
const FILES = { 'sub/deep': 'deep\n', 'kept.txt': 'kept', 'dropped.log': 'dropped', '.dockerignore': '*.log\n' };

test('given a Dockerfile of two stages, when it is built, then the image is as Docker makes it', async () => {
  const printed = await builds.built(
    SITE,
    FILES,
    '-t',
    'site',
    '-t',
    'site:2',
    '--build-arg',
    'VERSION=test',
    '--build-arg',
    'WHO=me',
    '--label',
    'by=a test',
  );
  assert.match(printed, 'Step 1/20 : ARG VERSION=none\nStep 2/20 : FROM busybox:${VERSION} AS made\n ---> ');
  assert.match(
    printed,
    /Step 7\/20 : RUN .*\n ---> Running in [0-9a-f]{12}\nRemoving intermediate container [0-9a-f]{12}\n ---> [0-9a-f]{12}\n/,
  );
  const [id = ''] = (await builds.ok('images', '-q', '--no-trunc', 'site')).split('\n');
  const short = id.slice('sha256:'.length, 'sha256:'.length + 12);
  assert.ok(printed.endsWith(`Successfully built ${short}\nSuccessfully tagged site:latest\nSuccessfully tagged site:2\n`), printed);
  const [image] = JSON.parse(await builds.ok('inspect', 'site:2')) as [
    { Id: string; Config: { [field: string]: unknown }; Parent: string },
  ];
  assert.is(image.Id, id);
  const { Config } = image;
  assert.equal(
    [
      Config['User'],
      Config['ExposedPorts'],
      Config['Volumes'],
      Config['StopSignal'],
      Config['Entrypoint'],
      Config['OnBuild'],
      Config['Labels'],
      Config['Env'],
    ],
    ['7', { '80/tcp': {}, '53/udp': {} }, { '/data': {} }, 'SIGUSR1', ['sh', '-c'], ['RUN echo triggered'], { by: 'a test' }, null],
  );
  assert.equal(Config['Healthcheck'], { Test: ['CMD', 'true'], Interval: 10e9, Timeout: 2e9, Retries: 4 });
  assert.is(await builds.ok('run', '--rm', '--network', 'none', 'site'), 'hello there me me\n7:8\n7:8\n');
  const history = (await builds.ok('history', '--no-trunc', '--format', '{{.ID}} {{.CreatedBy}}', 'site')).trim().split('\n');
  assert.is(history.length, 11);
  assert.is(history[0], `${id} /bin/sh -c #(nop)  LABEL by=a test`);
  assert.ok(history[1]?.startsWith(`${image.Parent} `), history[1]);
  assert.match(history.at(-1) ?? '', /COPY dir:[0-9a-f]{64} in \/bin$/);
  assert.is(await builds.containers(), '');
});

test('given what was built, when it is built again, then nothing is done again but from what changed on', async () => {
  const steps = [`FROM ${IMAGE}`, 'ARG A', 'COPY a b* /d/', 'RUN cat /d/a; echo "with $A"; date +%s%N > /when', 'CMD ["cat", "/when"]'];
  const cached = (printed: string): number => printed.match(/---> Using cache/g)?.length ?? 0;
  const files = { a: '1', b1: 'x', other: '1' };
  const first = await builds.built(steps, files, '-t', 'again', '--build-arg', 'A=1');
  const when = await builds.ok('run', '--rm', '--network', 'none', 'again');
  assert.is(cached(first), 0);
  assert.match(first, 'with 1');
  // Times are no content.
  const second = await builds.built(steps, { ...files, other: '2' }, '-t', 'again', '--build-arg', 'A=1');
  assert.is(cached(second), 4);
  assert.is(await builds.ok('run', '--rm', '--network', 'none', 'again'), when);
  assert.is(cached(await builds.built(steps, { ...files, b1: 'y' }, '--build-arg', 'A=1')), 1);
  assert.is(cached(await builds.built(steps, files, '--build-arg', 'A=2')), 2);
  assert.is(cached(await builds.built(steps, files, '--build-arg', 'A=1', '--no-cache')), 0);
  assert.match(await builds.built(steps, files, '-q', '--build-arg', 'A=1'), /^sha256:[0-9a-f]{64}\n$/);
});

test('given commands that fail, when they are built, then docker ends with their codes and nothing is tagged', async () => {
  const directory = await builds.context({ Dockerfile: `FROM ${IMAGE}\nRUN echo before; exit 7\nRUN echo never` });
  const failed = await builds.build(directory, '-t', 'failed');
  assert.is(failed.code, 7);
  assert.match(failed.stdout, 'before');
  assert.not.match(failed.stdout, 'Step 3/3');
  assert.match(failed.stderr, "The command '/bin/sh -c echo before; exit 7' returned a non-zero code: 7");
  assert.is(await builds.ok('images', '-q', 'failed'), '');
  // As with Docker it can be looked at.
  const [left = ''] = (await builds.containers()).split('\n');
  assert.match(await builds.ok('inspect', '-f', '{{.State.ExitCode}}', left), '7');
  await builds.ok('rm', left);
  assert.is((await builds.build(directory, '--force-rm')).code, 7);
  assert.is((await builds.build(await builds.context({ Dockerfile: `FROM ${IMAGE}\nRUN ["nosuch"]` }), '--force-rm')).code !== 0, true);
  assert.is(await builds.containers(), '');
});

test('given what Docker refuses, when it is built, then it is refused in Docker’s words', async () => {
  const cases: readonly (readonly [dockerfile: string, message: string, flags?: readonly string[]])[] = [
    [
      `FROM ${IMAGE}\nCOPY missing /`,
      'COPY failed: file not found in build context or excluded by .dockerignore: stat missing: file does not exist',
    ],
    [`FROM ${IMAGE}\nCOPY a.log /`, 'COPY failed: file not found in build context'],
    [`FROM ${IMAGE}\nCOPY ../x /`, 'COPY failed: forbidden path outside the build context: ../x ()'],
    [
      `FROM ${IMAGE}\nCOPY a a.txt /d`,
      'When using COPY with more than one source file, the destination must be a directory and end with a /',
    ],
    [`FROM ${IMAGE}\nCOPY --from=9 /a /`, 'invalid stage index'],
    [`FROM ${IMAGE}\nRUM x`, 'dockerfile parse error line 2: unknown instruction: RUM'],
    [`FROM ${IMAGE}\nRUN --mount=type=cache,target=/c true`, 'the --mount option requires BuildKit'],
    [`FROM ${IMAGE}\nADD https://example.com/x /`, 'ADD of URLs is not supported'],
    ['FROM nosuch:image', 'nosuch'],
    ['FROM scratch', 'No image was generated. Is your Dockerfile empty?'],
    [`FROM --platform=linux/arm/v5 ${IMAGE}`, 'does not match the specified platform'],
    [`FROM ${IMAGE}`, 'failed to reach build target nosuch in Dockerfile', ['--target', 'nosuch']],
  ];
  for (const [dockerfile, message, flags = []] of cases) {
    const directory = await builds.context({ Dockerfile: dockerfile, a: '', 'a.txt': '', 'a.log': '', '.dockerignore': '*.log' });
    const { code, stderr } = await builds.build(directory, ...flags);
    assert.is(code, 1, dockerfile);
    assert.ok(stderr.includes(message), `${dockerfile}: ${stderr}`);
  }
  const kit = await run('docker', ['build', builds.scratch], { env: { ...builds.daemon.env, DOCKER_BUILDKIT: '1' } });
  assert.is.not(kit.code, 0);
  assert.is(await builds.containers(), '');
});

test('given copies of every kind, when they are built, then files are where Docker puts them', async () => {
  const directory = await builds.context({
    'one.txt': '1',
    'two.txt': '2',
    'dir/sub/file': 'deep',
    'deploy/Dockerfile.other': [
      `FROM ${IMAGE}`,
      'WORKDIR /w',
      'WORKDIR rel',
      'COPY one.txt renamed',
      'COPY one.txt into/',
      'COPY ["two.txt", "a b/"]',
      'COPY *.txt all/',
      'COPY dir /copied',
      'COPY dir/sub dir/link /merged/',
      'RUN mkdir /real && ln -s /real /linked && adduser -D me 2>/dev/null || echo "me:x:1234:1234::/:/bin/sh" >> /etc/passwd; grep -q ^me: /etc/group || echo "me:x:1234:" >> /etc/group',
      'COPY --chown=me one.txt /linked/',
      'ADD packed.tar.gz packed.tar.xz /unpacked/',
      'ADD one.txt packed.tar.gz.not /added/',
      'VOLUME /kept',
      'COPY one.txt /kept/',
    ].join('\n'),
  });
  await symlink('file', join(directory, 'dir', 'sub', 'also'));
  await symlink('sub', join(directory, 'dir', 'link'));
  await mkdir(join(directory, 'packed'));
  await writeFile(join(directory, 'packed', 'inner'), 'packed');
  assert.is((await run('tar', ['-C', join(directory, 'packed'), '-czf', join(directory, 'packed.tar.gz'), 'inner'])).code, 0);
  await writeFile(join(directory, 'packed', 'inner-xz'), 'of xz');
  assert.is((await run('tar', ['-C', join(directory, 'packed'), '-cJf', join(directory, 'packed.tar.xz'), 'inner-xz'])).code, 0);
  await writeFile(join(directory, 'packed.tar.gz.not'), Buffer.from('1f8b', 'hex'));
  const { code, stdout, stderr } = await builds.build(directory, '-t', 'copies', '-f', join(directory, 'deploy', 'Dockerfile.other'));
  assert.is(code, 0, stdout + stderr);
  const script = [
    'pwd',
    'cat renamed into/one.txt "a b/two.txt" all/one.txt all/two.txt',
    'echo',
    'cat /copied/sub/file; readlink /copied/sub/also; readlink /copied/link',
    'ls /merged | tr "\\n" " "; test -L /merged/also && echo link',
    'cat /real/one.txt; stat -c %u:%g /real/one.txt | sed "s/[1-9][0-9]*:[1-9][0-9]*/owned/"',
    'cat /unpacked/inner /unpacked/inner-xz; stat -c %s /added/packed.tar.gz.not; cat /kept/one.txt',
  ];
  assert.is(await builds.says('copies', script.join('; ')), '/w/rel\n11212\ndeepfile\nsub\nalso file link\n1owned\npackedof xz2\n1');
});

test('given a Dockerfile on standard input, when it is built, then with the directory’s files, or with none', async () => {
  const directory = await builds.context({ 'file.txt': 'beside', Dockerfile: 'FROM nosuch:image' });
  const input = `FROM ${IMAGE}\nCOPY file.txt /`;
  const { code, stdout, stderr } = await builds.daemon.docker(['build', '-t', 'piped', '-f', '-', directory], { input });
  assert.is(code, 0, stdout + stderr);
  assert.is(await builds.says('piped', 'cat /file.txt'), 'beside');
  const alone = await builds.daemon.docker(['build', '-q', '-'], { input: `FROM ${IMAGE}\nLABEL alone=yes` });
  assert.is(alone.code, 0, alone.stderr);
  assert.is((await builds.daemon.docker(['build', '-q', '-'], { input })).code, 1);
  await builds.ok('rmi', 'piped', alone.stdout.trim());
});

test('given the shiplog command, when it builds a directory, a tar and a Dockerfile alone, then the images are those that docker gets', async () => {
  const shiplog = (args: readonly string[], input?: Uint8Array | string) =>
    builds.daemon.shiplog(['build', ...args], input === undefined ? {} : { input });
  const id = async (name: string): Promise<string> => (await builds.ok('images', '-q', '--no-trunc', name)).trim();
  const files = {
    'sub/file': '1',
    'sub/file.log': '2',
    'left/out/a': '3',
    'left/out/b': '4',
    '.dockerignore': '*.log\n**/*.log\nleft\n!left/out/b\n',
  };
  const directory = await builds.context({ ...files, Dockerfile: `FROM ${IMAGE}\nARG A\nCOPY . /c\nRUN echo "$A" > /a; find /c | sort` });
  const first = await shiplog(['-t', 'ours', '--build-arg', 'A=1', directory]);
  assert.is(first.code, 0, first.stderr);
  assert.match(first.stdout, '\n/c\n/c/.dockerignore\n/c/Dockerfile\n/c/left\n/c/left/out\n/c/left/out/b\n/c/sub\n/c/sub/file\n');
  assert.match(first.stdout, /Successfully built [0-9a-f]{12}\nSuccessfully tagged ours:latest\n$/);
  // What docker sends is the same: every step is there already.
  const theirs = await builds.build(directory, '-t', 'theirs', '--build-arg', 'A=1');
  assert.is(theirs.stdout.match(/---> Using cache/g)?.length, 3, theirs.stdout);
  assert.is(await id('theirs'), await id('ours'));
  const tar = await run('tar', ['-C', directory, '-cf', join(builds.scratch, 'context.tar'), '.']);
  assert.is(tar.code, 0, tar.stderr);
  const json = await shiplog(
    ['--format', 'json', '-t', 'tarred', '--build-arg', 'A=1', '-'],
    await readFile(join(builds.scratch, 'context.tar')),
  );
  assert.equal(JSON.parse(json.stdout), { ID: await id('ours'), Tags: ['tarred'] }, json.stderr);
  const elsewhere = await shiplog(
    ['-q', '-f', '-', directory],
    `FROM ${IMAGE}\nCOPY . /c\nRUN test "$(ls -A /c)" = "$(printf '.dockerignore\\nDockerfile\\nleft\\nsub')"`,
  );
  assert.match(elsewhere.stdout, /^sha256:[0-9a-f]{64}\n$/, elsewhere.stderr);
  await builds.ok('rmi', 'ours', 'theirs', 'tarred', elsewhere.stdout.trim());
});

test('given builds that fail, when the shiplog command tells of it, then with the line of the Dockerfile, what to do next, and the exit code of a command', async () => {
  for (const [dockerfile, told, ends = 1] of [
    [
      `FROM ${IMAGE}\n\n# comment\nRUN true && \\\n  exit 3`,
      /^shiplog: Dockerfile:4: The command '.*' returned a non-zero code: 3\nA command of the Dockerfile failed/m,
      3,
    ],
    [`FROM ${IMAGE}\nCOPY missing /`, /^shiplog: Dockerfile:2: COPY failed: file not found in build context/m],
    [`FROM ${IMAGE}\nLABEL "a`, /^shiplog: Dockerfile:2: /m],
    [`FROM ${IMAGE}\nRUM x`, /^shiplog: dockerfile parse error line 2: unknown instruction: RUM/m],
    [`FROM ${IMAGE}\nRUN ["nosuch"]`, /^shiplog: Dockerfile:2: .*nosuch/m],
    [`FROM ${IMAGE} AS one\nFROM nosuch:image`, /^shiplog: Dockerfile:2: .*nosuch/m],
  ] as const) {
    const directory = await builds.context({ Dockerfile: dockerfile });
    const { code, stdout, stderr } = await builds.daemon.shiplog(['build', '--force-rm', directory]);
    assert.is(code, ends, stdout);
    assert.match(stderr, told);
  }
  assert.is(await builds.containers(), '');
});

test('given triggers and a shell, when something is built of them, then triggers run first and are gone', async () => {
  await builds.built(
    [`FROM ${IMAGE}`, 'ONBUILD COPY file /from-trigger', 'ONBUILD ENV TRIGGERED=yes', 'MAINTAINER somebody'],
    {},
    '-t',
    'trigger',
  );
  const printed = await builds.built(
    ['FROM trigger', 'SHELL ["/bin/sh", "-e", "-c"]', 'RUN test "$TRIGGERED" = yes; cat /from-trigger > /seen'],
    { file: 'f' },
    '-t',
    'triggered',
  );
  assert.match(printed, '# Executing 2 build triggers\n');
  assert.is(await builds.says('triggered', 'cat /seen'), 'f');
  assert.is(
    await builds.ok('inspect', '-f', '{{json .Config.OnBuild}} {{json .Config.Shell}} {{.Author}}', 'triggered'),
    'null ["/bin/sh","-e","-c"] somebody\n',
  );
});

test('given networks and limits, when commands run, then they have them', async () => {
  const steps = [`FROM ${IMAGE}`, 'RUN ls /sys/class/net | tr "\\n" " "; grep there /etc/hosts; df -k /dev/shm | tail -n 1; ulimit -n'];
  const printed = await builds.built(
    steps,
    {},
    '--network',
    'none',
    '--add-host',
    'there:10.1.2.3',
    '--shm-size',
    '1m',
    '--ulimit',
    'nofile=100:100',
    '--memory',
    '64m',
  );
  assert.match(printed, /\nlo 10\.1\.2\.3\s+there\n.*\s1024\s.*\n100\n/);
});

test('given built images, when they are listed, removed and pruned, then what was built on the way goes with the last that needs it', async () => {
  await builds.ok('rmi', '-f', ...new Set((await builds.ok('images', '-q')).trim().split('\n')));
  await builds.ok('image', 'prune', '-af');
  await builds.ok('load', '-q', '-i', join(builds.scratch, 'busybox.tar'));
  const all = async (): Promise<number> => (await builds.ok('images', '-aq')).trim().split('\n').length;
  await builds.built([`FROM ${IMAGE}`, 'RUN echo shared > /a', 'RUN echo one > /b'], {}, '-t', 'one');
  await builds.built([`FROM ${IMAGE}`, 'RUN echo shared > /a', 'RUN echo two > /b'], {}, '-t', 'two');
  assert.is(await all(), 4);
  assert.is((await builds.ok('images', '-q')).trim().split('\n').length, 3);
  await builds.ok('image', 'prune', '-f');
  assert.is(await all(), 4);
  const [parent = ''] = (await builds.ok('inspect', '-f', '{{.Parent}}', 'two')).split('\n');
  assert.match((await builds.daemon.docker(['rmi', parent])).stderr, 'image has dependent child images');
  await builds.ok('rmi', 'one');
  assert.is(await all(), 3);
  assert.is(await builds.says('two', 'cat /a /b'), 'shared\ntwo\n');
  await builds.ok('rmi', 'two');
  assert.is(await all(), 1);
  assert.match(await builds.ok('builder', 'prune', '-f'), 'Total reclaimed space: 0B');
});

test('given all that was built, then nothing of it is left on the host', async () => {
  assert.is(await builds.containers(), '');
  assert.equal(await hostTraces(builds.daemon.directory), []);
});

test.run();
