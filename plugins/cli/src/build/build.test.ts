import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTar, tarFile, writeTar } from '@shiplog/oci';
import { temporaryDirectory } from '@shiplog/test-support';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { type Ran, runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('build');
const ID = `sha256:${'a'.repeat(64)}`;

interface Sent {
  readonly ran: Ran;
  readonly query: URLSearchParams | undefined;
  /** Names in order; directories end with a slash. */
  readonly names: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Builds in a directory of these files, with an engine that answers with these lines. */
async function build(
  files: { readonly [path: string]: string },
  argv: readonly string[],
  options: { readonly input?: string; readonly env?: { readonly [name: string]: string }; readonly lines?: readonly object[] } = {},
): Promise<Sent> {
  await using directory = await temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory.path, path)), { recursive: true });
    await writeFile(join(directory.path, path), text);
  }
  let sent: Sent | undefined;
  await FakeDaemon.run(async (daemon) => {
    const lines = options.lines ?? [{ stream: 'Step 1/1 : FROM x\n' }, { aux: { ID } }, { stream: 'Successfully built aaaaaaaaaaaa\n' }];
    daemon.answers.set('POST /build', async function* () {
      for (const line of lines) yield `${JSON.stringify(line)}\r\n`;
    });
    const ran = await runShiplog(['build', ...argv.map((word) => word.replace('@', directory.path))], { host: daemon.host, ...options });
    const asked = daemon.seen.find(({ path }) => path === '/build');
    const names: string[] = [];
    const texts = new Map<string, string>();
    for await (const { name, content } of readTar(once(Buffer.from(asked?.body ?? '\0'.repeat(1024))))) {
      names.push(name);
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      texts.set(name, Buffer.concat(chunks).toString());
    }
    sent = { ran, query: asked?.query, names, texts };
  });
  assert.ok(sent);
  return sent;
}

test('given a directory, when it is built, then it is sent without what is ignored, and the Dockerfile in any case', async () => {
  const files = {
    Dockerfile: 'FROM x',
    '.dockerignore': 'Dockerfile\n.dockerignore\nnode_modules\nout/**\n!out/kept/*.js\n',
    'a/b/c': 'deep',
    'node_modules/x/index.js': '1',
    'out/dropped': '2',
    'out/kept/one.js': '3',
    'out/kept/two.js': '4',
    'out/other/three.js': '5',
  };
  const { ran, names, query } = await build(files, ['@']);
  assert.is(ran.code, 0, ran.stderr);
  assert.equal(names, ['.dockerignore', 'Dockerfile', 'a/', 'a/b/', 'a/b/c', 'out/', 'out/kept/', 'out/kept/one.js', 'out/kept/two.js']);
  assert.is(query?.get('dockerfile'), 'Dockerfile');
  assert.is(ran.stdout, 'Step 1/1 : FROM x\nSuccessfully built aaaaaaaaaaaa\n');
});

test('given flags, when an image is built, then the engine gets them, and values without one on the command line are from the environment', async () => {
  const { query } = await build(
    { 'ci/Dockerfile': 'FROM x' },
    // prettier-ignore
    ['-t', 'web:1', '-t', 'web', '--build-arg', 'A=b=c', '--build-arg', 'TOKEN', '--build-arg', 'NONE', '--label', 'l=1', '--target', 'test',
      '--no-cache', '--pull', '--force-rm', '--network', 'none', '--add-host', 'h=1.1.1.1', '-m', '1g', '--platform', 'linux/arm64', '-f', '@/ci/Dockerfile', '@'],
    { env: { TOKEN: 'from here' } },
  );
  assert.ok(query);
  assert.equal(query.getAll('t'), ['web:1', 'web']);
  assert.equal(JSON.parse(query.get('buildargs') ?? ''), { A: 'b=c', TOKEN: 'from here', NONE: null });
  assert.equal(JSON.parse(query.get('labels') ?? ''), { l: '1' });
  const names = ['dockerfile', 'target', 'nocache', 'pull', 'rm', 'forcerm', 'networkmode', 'extrahosts', 'memory', 'platform', 'q'];
  assert.equal(
    names.map((name) => query.get(name)),
    ['ci/Dockerfile', 'test', '1', '1', '1', '1', 'none', 'h:1.1.1.1', String(2 ** 30), 'linux/arm64', '0'],
  );
});

test('given a Dockerfile from elsewhere, when it is built, then it comes under a name that the build ignores, as does no .dockerignore', async () => {
  await using elsewhere = await temporaryDirectory();
  await writeFile(join(elsewhere.path, 'Other'), 'FROM other');
  for (const { argv, input, text } of [
    { argv: ['-f', '-', '@'], input: 'FROM stdin', text: 'FROM stdin' },
    { argv: ['-f', join(elsewhere.path, 'Other'), '@'], input: '', text: 'FROM other' },
  ]) {
    const plain = await build({ file: '1', Dockerfile: 'FROM x' }, argv, { input });
    const name = plain.query?.get('dockerfile') ?? '';
    assert.match(name, /^\.dockerfile\.[0-9a-f]{16}$/);
    assert.equal(plain.names, [name, '.dockerignore', 'Dockerfile', 'file']);
    assert.is(plain.texts.get(name), text);
    assert.is(plain.texts.get('.dockerignore'), `.dockerignore\n${name}\n`);
    const ignoring = await build({ file: '1', '.dockerignore': 'file' }, argv, { input });
    assert.equal(ignoring.names, [name, '.dockerignore']);
    assert.is(ignoring.texts.get('.dockerignore'), `file\n${name}\n`);
  }
});

test('given stdin, when it has a tar, then that is sent as it is; a Dockerfile goes alone', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar([tarFile('in/Dockerfile', Buffer.from('FROM tar')), tarFile('file', Buffer.from('x'.repeat(2000)))]))
    chunks.push(chunk);
  const tar = await build({}, ['-f', 'in/Dockerfile', '-'], { input: Buffer.concat(chunks).toString() });
  assert.equal([tar.names, tar.query?.get('dockerfile')], [['in/Dockerfile', 'file'], 'in/Dockerfile']);
  const alone = await build({}, ['-'], { input: 'FROM x\nRUN true' });
  assert.equal([...alone.texts], [['Dockerfile', 'FROM x\nRUN true']]);
  for (const [argv, input, told] of [
    [['-f', 'Other', '-'], 'FROM x', 'stdin has a Dockerfile, and -f names another'],
    [['-f', '-', '-'], 'FROM x', 'stdin is either the context or the Dockerfile'],
    [['-'], '', 'there is nothing on stdin'],
  ] as const) {
    const { ran, query } = await build({}, argv, { input });
    assert.equal([ran.code, query], [125, undefined]);
    assert.match(ran.stderr, told);
  }
});

test('given -q and --format json, when an image is built, then that alone is on stdout', async () => {
  await using directory = await temporaryDirectory();
  const iidfile = join(directory.path, 'id');
  const json = await build({ Dockerfile: 'FROM x' }, ['--format', 'json', '-t', 'a:1', '--iidfile', iidfile, '@']);
  assert.equal(JSON.parse(json.ran.stdout), { ID, Tags: ['a:1'] });
  assert.match(json.ran.stderr, 'Step 1/1');
  assert.is(await readFile(iidfile, 'utf8'), ID);
  const quiet = await build({ Dockerfile: 'FROM x' }, ['-q', '@'], { lines: [{ stream: `${ID}\n` }] });
  assert.equal([quiet.ran.stdout, quiet.ran.stderr, quiet.query?.get('q')], [`${ID}\n`, '', '1']);
});

test('given an image that is pulled on the way, when its blobs come, then they are drawn for people, and printed for nobody', async () => {
  const blob = { id: '0123', status: 'Downloading', progressDetail: { current: 1, total: 2 } };
  const { ran } = await build({ Dockerfile: 'FROM x' }, ['@'], {
    lines: [{ stream: 'Step 1/1 : FROM x\n' }, blob, { stream: ' ---> 1\n' }],
  });
  assert.equal(ran, { code: 0, stdout: 'Step 1/1 : FROM x\n ---> 1\n', stderr: '' });
});

test('given a step that fails, when it is told, then with what it printed, its exit code, and the line of the Dockerfile, by the name that it has here', async () => {
  const message = "The command 'exit 3' returned a non-zero code: 3";
  const shiplog = { code: 'BUILD_FAILED', message, facts: { exitCode: 3, dockerfile: '.dockerfile.1', line: 7 } };
  const lines = [{ stream: 'printed\n' }, { errorDetail: { message, shiplog }, error: message }];
  for (const argv of [['@'], ['-q', '@'], ['--format', 'json', '@']]) {
    const { ran } = await build({ Dockerfile: 'FROM x' }, argv, { lines });
    assert.is(ran.code, 3);
    assert.match(argv[0] === '@' ? ran.stdout : ran.stderr, 'printed\n');
    assert.match(ran.stderr, `shiplog: Dockerfile:7: ${message}\nA command of the Dockerfile failed`);
    if (argv[0] !== '@') assert.is(ran.stdout, '');
  }
});

test('given what cannot be built from, when it is asked for, then it is said what to do, and nothing is sent', async () => {
  for (const [argv, code, told] of [
    [['https://example.org/x.git'], 125, 'build reads no URLs\nfetch it first'],
    [['@/nowhere'], 1, /cannot read .*nowhere/],
    [['@/file'], 125, 'is no directory'],
    [['@'], 1, /cannot read .*Dockerfile: ENOENT[^]*name the Dockerfile with -f/],
    [['-f', 'Other', '@'], 1, 'the path of -f is one from here'],
    [['--build-arg', '=x', '@'], 125, '--build-arg has no name'],
  ] as const) {
    const { ran, query } = await build({ file: '1' }, argv);
    assert.equal([ran.code, query], [code, undefined], argv.join(' '));
    assert.match(ran.stderr, told);
  }
  const broken = await build({ Dockerfile: 'FROM x', '.dockerignore': 'a[b' }, ['@']);
  assert.equal([broken.ran.code, broken.query], [1, undefined]);
  assert.match(broken.ran.stderr, 'syntax error in pattern: a[b');
});

test('given links, and modes, when they are sent, then they are what they were, and of nobody', async () => {
  await using directory = await temporaryDirectory();
  const root = directory.path;
  await writeFile(join(root, 'Dockerfile'), 'FROM x');
  await writeFile(join(root, 'tool'), '#!/bin/sh\n');
  await chmod(join(root, 'tool'), 0o750);
  await symlink('/etc/passwd', join(root, 'link'));
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('POST /build', () => ({ aux: { ID } }));
    assert.is((await runShiplog(['build', root], { host: daemon.host })).code, 0);
    const entries = new Map<string, object>();
    for await (const { name, type, mode, uid, gid, linkName } of readTar(once(Buffer.from(daemon.seen.at(-1)?.body ?? ''))))
      entries.set(name, { type, mode: type === 'symlink' ? 0 : mode, uid, gid, linkName });
    assert.equal(entries.get('tool'), { type: 'file', mode: 0o750, uid: 0, gid: 0, linkName: '' });
    assert.equal(entries.get('link'), { type: 'symlink', mode: 0, uid: 0, gid: 0, linkName: '/etc/passwd' });
  });
});

test.run();
