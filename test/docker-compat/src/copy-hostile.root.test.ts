// time limit: 300 s
import { lstat, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { run } from '@shiplog/test-support';
import { Copies } from './copies.ts';
import { ask } from './raw-http.ts';
import { endless, sparse, tarOf } from './tar-of.ts';

const { test, copies } = await Copies.suite('docker cp of what is hostile');

test('given hostile archives, when they are unpacked, then nothing is written outside of the container', async () => {
  const name = await copies.made('hostile', 'running');
  const outside = join(copies.scratch, 'outside');
  await writeFile(outside, 'untouched');
  await copies.inside(name, `mkdir -p /h && ln -s ${copies.scratch} /h/there && mkdir -p ${copies.scratch} && echo mine > ${outside}`);
  const device = { type: 'char', major: 1, minor: 3 } as const;
  const escapes: readonly (readonly [what: string, status: number, archive: Buffer])[] = [
    ['a name that climbs', 400, await tarOf([{ name: '../../../../../../escaped', text: 'x' }])],
    [
      'a link that is written through',
      400,
      await tarOf([
        { name: 'l', type: 'symlink', linkName: '/etc' },
        { name: 'l/escaped', text: 'x' },
      ]),
    ],
    ['a hard link that climbs', 400, await tarOf([{ name: 'h', type: 'hardlink', linkName: '../../../../etc/shadow' }])],
    ['a hard link to nothing', 400, await tarOf([{ name: 'h', type: 'hardlink', linkName: 'nothing' }])],
    ['a file in the place of the directory', 400, await tarOf([{ name: '.', text: 'x' }])],
    ['a name without end', 400, await tarOf([{ name: 'n/'.repeat(3000), text: 'x' }])],
    ['a name of 300 bytes', 400, await tarOf([{ name: 'n'.repeat(300), text: 'x' }])],
    ['a sparse file', 400, await sparse()],
    ['a header without end', 400, await endless()],
    [
      'a file beneath a device',
      400,
      await tarOf([
        { name: 'd', ...device },
        { name: 'd/x', text: 'x' },
      ]),
    ],
  ];
  for (const [what, status, archive] of escapes) assert.is((await copies.put(name, '/h', archive)).status, status, what);
  // An absolute name counts from the directory that was asked for; a link of the container leads where it leads there.
  assert.is((await copies.put(name, '/h', await tarOf([{ name: '/etc/absolute', text: 'x' }]))).status, 200);
  assert.is((await copies.put(name, '/h', await tarOf([{ name: 'there/outside', text: 'overwritten' }]))).status, 200);
  assert.is(await copies.inside(name, `cat /h/etc/absolute; cat ${outside}`), 'xoverwritten');
  assert.is(await readFile(outside, 'utf8'), 'untouched');
  for (const path of ['/escaped', '/etc/escaped', '/etc/absolute']) assert.not((await stat(path).catch(() => undefined))?.isFile(), path);
  assert.is(await copies.inside(name, 'ls /escaped /etc/escaped 2>/dev/null; echo none'), 'none\n');
});

test('given a container that swaps a directory for a link to the host’s while it is copied, then the host’s files stay as they are', async () => {
  const trap = await mkdtemp(join(copies.scratch, 'trap-'));
  await mkdir(join(trap, 'sub'));
  await writeFile(join(trap, 'sub', 'secret'), 'of the host');
  const name = await copies.made('swapping', 'running');
  await copies.inside(name, `mkdir -p /w/a/sub /w/b ${trap} && echo inner > /w/a/sub/secret`);
  // /w/a is a directory, and then a link to a path that only the host has files at.
  await copies.ok([
    'exec',
    '-d',
    name,
    'sh',
    '-c',
    `while :; do mv /w/a /w/dir && ln -s ${trap} /w/a && rm /w/a && mv /w/dir /w/a; done 2>/dev/null`,
  ]);
  const archive = await tarOf([
    { name: 'a/sub/secret', text: 'planted' },
    { name: 'a/sub/deep/er', text: 'planted' },
    { name: 'a/planted', text: 'planted' },
  ]);
  const statuses = new Set<number>();
  for (let tries = 0; tries < 150; tries += 1) {
    statuses.add((await copies.put(name, '/w', archive)).status);
    const { code, stdout } = await run('sh', ['-c', 'docker cp "$0" - 2>/dev/null | tar -xO 2>/dev/null', `${name}:/w/a`], {
      env: copies.daemon.env,
    });
    assert.ok(code >= 0);
    assert.not.match(stdout, /of the host/);
  }
  assert.ok(statuses.has(200), `some copies came through: ${[...statuses].join(' ')}`);
  assert.equal(await readdir(trap), ['sub']);
  assert.equal(await readdir(join(trap, 'sub')), ['secret']);
  assert.is(await readFile(join(trap, 'sub', 'secret'), 'utf8'), 'of the host');
});

test('given magic links of /proc, when they are copied through, then nothing of the host comes', async () => {
  const name = await copies.made('magic', 'running', ['--pid', 'host']);
  for (const path of [`/proc/${process.pid}/root/etc/hostname`, `/proc/${copies.daemon.pid}/cwd/`, '/proc/1/root/']) {
    const { status } = await ask(copies.daemon.socket, 'GET', `/containers/${name}/archive?path=${encodeURIComponent(path)}`);
    assert.ok(status >= 400, `${path}: ${status}`);
    assert.ok((await copies.put(name, path, await tarOf([{ name: 'x', text: 'x' }]))).status >= 400, path);
  }
});

test('given all of the above, when the host is looked at, then nothing of it is left', async () => {
  await copies.isClean();
  assert.is((await lstat(join(copies.scratch, 'outside'))).size, 9);
});

test.run();
