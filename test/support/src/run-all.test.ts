import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runAll } from './run-all.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const uvu = dirname(dirname(fileURLToPath(import.meta.resolve('uvu'))));
const head = `import { suite } from 'uvu'; import * as assert from 'uvu/assert'; const test = suite('sample');\n`;
const good = `${head} test('a', () => {}); test('b', () => {}); test.run();`;
const bad = `${head} test('a', () => {}); test('b', () => { assert.is(1, 2, 'one is not two'); }); test.run();`;

interface Ran {
  readonly ok: boolean;
  readonly lines: readonly string[];
  readonly last: string;
  readonly text: string;
}

const test = suite<{ root: TemporaryDirectory }>('the test runner');

test.before.each(async (context) => {
  context.root = await temporaryDirectory();
  await mkdir(join(context.root.path, 'node_modules'));
  await symlink(uvu, join(context.root.path, 'node_modules/uvu'));
  await writeFile(join(context.root.path, 'package.json'), '{"type":"module"}');
});
test.after.each((context) => context.root.cleanup());

async function run(
  root: TemporaryDirectory,
  files: { readonly [path: string]: string },
  options: { readonly patterns?: readonly string[]; readonly isRoot?: boolean; readonly patience?: number } = {},
): Promise<Ran> {
  for (const [path, source] of Object.entries(files)) {
    await mkdir(dirname(join(root.path, path)), { recursive: true });
    await writeFile(join(root.path, path), source);
  }
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const { patterns = [], isRoot = true, patience = 1 } = options;
  const ok = await runAll({ root: root.path, patterns, isRoot, patience, print });
  return { ok, lines, last: (lines.at(-1) ?? '').trim(), text: lines.join('\n') };
}

test('given passing files in any of the rooms, when run, then single tests are counted', async ({ root }) => {
  const ran = await run(root, {
    'core/a/dist/a.test.js': good,
    'network-drivers/b/dist/deep/b.test.js': good,
    'core/a/dist/other.js': bad,
  });
  assert.ok(ran.ok, ran.text);
  assert.is(ran.last, '4 passed, 0 failed');
  assert.match(ran.text, /ok {3}core\/a\/dist\/a\.test\.js {2}2 passed {2}\d+ ms/);
});

test('given a failing test, when run, then its output is printed and the run fails', async ({ root }) => {
  const ran = await run(root, { 'core/a/dist/a.test.js': bad, 'core/a/dist/b.test.js': good });
  assert.not(ran.ok);
  assert.is(ran.last, '3 passed, 1 failed');
  assert.match(ran.text, /one is not two/);
});

test('given a pattern, when run, then only files whose path contains it run', async ({ root }) => {
  const ran = await run(root, { 'core/a/dist/a.test.js': bad, 'core/a/dist/b.test.js': good }, { patterns: ['b.test'] });
  assert.is(ran.last, '2 passed, 0 failed');
});

test('given no tests at all, when run, then the run fails', async ({ root }) => {
  const ran = await run(root, {});
  assert.not(ran.ok);
  assert.is(ran.last, '0 passed, 1 failed');
});

test('given a file that runs zero tests or only exits, when run, then each of them fails', async ({ root }) => {
  const empty = `${head} test.run();`;
  const ran = await run(root, {
    'core/a/dist/a.test.js': empty,
    'core/a/dist/b.test.js': 'process.exit(0)',
    'core/a/dist/c.test.js': good,
  });
  assert.not(ran.ok);
  assert.is(ran.last, '2 passed, 2 failed');
});

test('given a file that ends before its tests do, when run, then it fails', async ({ root }) => {
  const ran = await run(root, { 'core/a/dist/a.test.js': `${head} test('never', () => new Promise(() => {})); test.run();` });
  assert.not(ran.ok);
  assert.is(ran.last, '0 passed, 1 failed');
});

test('given a failed test whose clean-up fails too, when run, then the tests that did not end are failures', async ({ root }) => {
  const cut = `${head} test.after.each(() => { if (broken) throw new Error('clean-up'); }); let broken = false;
test('a', () => {}); test('b', () => { broken = true; throw new Error('b'); }); test('c', () => {}); test.run();`;
  const ran = await run(root, { 'core/a/dist/a.test.js': cut });
  assert.not(ran.ok);
  assert.is(ran.last, '1 passed, 2 failed');
  assert.match(ran.text, /2 tests did not end/);
});

test('given a file that hangs with a child, when its stated time is over, then the whole group is killed', async ({ root }) => {
  const pid = join(root.path, 'pid');
  const hangs = `// time limit: 1 s
import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs';
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
writeFileSync(${JSON.stringify(pid)}, String(child.pid)); ${good} test('hangs', () => new Promise((r) => setTimeout(r, 60000))); test.run();`;
  const start = performance.now();
  const ran = await run(root, { 'core/a/dist/a.test.js': hangs });
  assert.not(ran.ok);
  assert.ok(performance.now() - start < 20_000);
  assert.match(ran.text, /took longer than 1 s and was killed/);
  const stat = await readFile(`/proc/${await readFile(pid, 'utf8')}/stat`, 'utf8').catch(() => 'gone');
  assert.ok(stat === 'gone' || stat.includes(') Z '), stat);
});

test('given patience, when a file takes longer than its stated time, then it has that much more', async ({ root }) => {
  const slow = `// time limit: 1 s\n${head} test('slow', () => new Promise((r) => setTimeout(r, 2000))); test.run();`;
  const ran = await run(root, { 'core/a/dist/a.test.js': slow }, { patience: 120 });
  assert.is(ran.last, '1 passed, 0 failed');
});

test('given tests that skip, when run, then reasons are listed and they do not count as passed', async ({ root }) => {
  const skips = `${head} test('a', () => {}); test('b', () => { console.log('SKIP no such device'); }); test.skip('c', () => {}); test.run();`;
  const ran = await run(root, { 'core/a/dist/a.test.js': skips });
  assert.ok(ran.ok, ran.text);
  assert.match(ran.text, /SKIP core\/a\/dist\/a\.test\.js: no such device/);
  assert.is(ran.last, '1 passed, 0 failed, 2 skipped');
});

test('given a file that needs root and a user who is not, when run, then it is skipped with the reason', async ({ root }) => {
  const ran = await run(root, { 'core/a/dist/a.root.test.js': bad, 'core/a/dist/b.test.js': good }, { isRoot: false });
  assert.ok(ran.ok, ran.text);
  assert.match(ran.text, /SKIP core\/a\/dist\/a\.root\.test\.js: needs root/);
  assert.is(ran.last, '2 passed, 0 failed, 1 skipped');
});

test('given a file that hands on the output of a whole run, when run, then that run counts, and its skips and failures', async ({
  root,
}) => {
  const prints = (text: string, code: number): string => `console.log(${JSON.stringify(text)}); process.exitCode = ${code};`;
  const ran = await run(root, {
    'core/a/dist/a.test.js': prints('ok   x  5 passed, 1 skipped  3 ms\nSKIP x: no such disk\n\n5 passed, 0 failed, 1 skipped', 0),
    'core/a/dist/b.test.js': prints(
      'FAIL y\n\n──── y: exit code 1\n  Total:     9\n  Passed:    7\n  Skipped:   0\n\n7 passed, 2 failed',
      1,
    ),
    'core/a/dist/c.test.js': prints('the guest did not boot', 1),
  });
  assert.not(ran.ok);
  assert.match(ran.text, /SKIP core\/a\/dist\/a\.test\.js: x: no such disk/);
  assert.match(ran.text, /c\.test\.js: ran no tests \(exit code 1\)\nthe guest did not boot/);
  assert.is(ran.last, '12 passed, 3 failed, 1 skipped');
});

test('given instructions in the TypeScript source only, when run, then they hold', async ({ root }) => {
  const stamp = (name: string): string =>
    `import { appendFileSync } from 'node:fs'; ${head} test('a', async () => { const f = ${JSON.stringify(join(root.path, 'order'))};
appendFileSync(f, '${name}+'); await new Promise((r) => setTimeout(r, 150)); appendFileSync(f, '${name}-'); }); test.run();`;
  const ran = await run(root, {
    'core/a/src/a.test.ts': '// runs alone\n',
    'core/a/dist/a.test.js': stamp('a'),
    'core/a/dist/b.test.js': stamp('b'),
    'core/a/dist/c.test.js': stamp('c'),
  });
  assert.ok(ran.ok, ran.text);
  assert.match(await readFile(join(root.path, 'order'), 'utf8'), /a\+a-$/);
});

test.run();
