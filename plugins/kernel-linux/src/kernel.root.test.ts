import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, lstat, mkdir, mkdtemp, open, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apart } from '@shiplog/conformance/network';
import { ShiplogError } from '@shiplog/contracts';
import { createKernel } from './index.ts';

interface Context {
  directory: string;
}

const kernel = createKernel();
const { mounts, files, namespaces, links, firewall, processes } = kernel;

async function rejects(work: Promise<unknown>, code: string, errno?: string): Promise<ShiplogError> {
  const error: unknown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof ShiplogError)) throw new Error(`expected ${code}, got ${String(error)}`);
  assert.is(error.code, code, error.message);
  if (errno !== undefined) assert.is(error.facts['errno'], errno, error.message);
  return error;
}

async function mountsUnder(directory: string): Promise<readonly string[]> {
  return (await mounts.list()).map(({ target }) => target).filter((target) => target.startsWith(directory));
}

async function networkOf(path: string): Promise<string> {
  return String((await lstat(path)).ino);
}

async function textOf(pipe: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  let text = '';
  for await (const bytes of pipe ?? []) text += Buffer.from(bytes).toString();
  return text;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function tests(): void {
  const test = suite<Context>('kernel-linux: the kernel itself');
  test.before.each(async (context) => {
    context.directory = await mkdtemp(join(tmpdir(), 'shiplog-kernel-'));
  });
  test.after.each(async ({ directory }) => {
    for (const target of (await mountsUnder(directory)).toReversed()) await mounts.unmount(target, { lazy: true });
    await rm(directory, { recursive: true, force: true });
  });

  test('given a file system, when it is mounted and unmounted twice, then it comes and goes', async ({ directory }) => {
    await mounts.mount({ type: 'tmpfs', source: 'none', target: directory, options: ['nosuid', 'noexec', 'size=64k', 'mode=0700'] });
    const mount = (await mounts.list()).find(({ target }) => target === directory);
    assert.is(mount?.type, 'tmpfs');
    assert.ok(mount?.options.includes('nosuid') && mount.options.includes('noexec'));
    assert.ok(mount?.superOptions.includes('size=64k'));
    await mounts.unmount(directory);
    await mounts.unmount(directory);
    await mounts.unmount(join(directory, 'missing'));
    assert.equal(await mountsUnder(directory), []);
  });

  test('given a bind that is to be read-only, when it is mounted, then nothing can be written through it', async ({ directory }) => {
    const [source, target] = [join(directory, 'source'), join(directory, 'target')];
    await Promise.all([mkdir(source), mkdir(target)]);
    await mounts.mount({ type: '', source, target, options: ['rbind', 'ro', 'nosuid', 'rprivate'] });
    await writeFile(join(source, 'file'), 'x');
    assert.is(await readFile(join(target, 'file'), 'utf8'), 'x');
    const error = await writeFile(join(target, 'file'), 'y').catch((failure: NodeJS.ErrnoException) => failure.code);
    assert.is(error, 'EROFS');
    await mounts.unmount(target);
  });

  test('given a mount, when it is remounted and its propagation changed, then it is so', async ({ directory }) => {
    await mounts.mount({ type: 'tmpfs', source: 'none', target: directory, options: [] });
    await mounts.mount({ type: '', source: '', target: directory, options: ['rshared'] });
    await mounts.mount({ type: '', source: '', target: directory, options: ['remount', 'ro'] });
    const mount = (await mounts.list()).find(({ target }) => target === directory);
    assert.match(mount?.propagation.join(' ') ?? '', /shared:/);
    assert.ok(mount?.options.includes('ro'));
  });

  test('given a mount in use, when it is unmounted, then EBUSY, and lazily it goes', async ({ directory }) => {
    await mounts.mount({ type: 'tmpfs', source: 'none', target: directory, options: [] });
    const file = await open(join(directory, 'held'), 'w');
    await rejects(mounts.unmount(directory), 'KERNEL_CALL_FAILED', 'EBUSY');
    await mounts.unmount(directory, { lazy: true });
    assert.equal(await mountsUnder(directory), []);
    await file.close();
  });

  test('given a symlink to a mount, when it is unmounted, then the mount stays', async ({ directory }) => {
    const [target, link] = [join(directory, 'target'), join(directory, 'link')];
    await mkdir(target);
    await symlink(target, link);
    await mounts.mount({ type: 'tmpfs', source: 'none', target, options: [] });
    await mounts.unmount(link);
    assert.equal(await mountsUnder(directory), [target]);
  });

  test('given options that cannot be, when something is mounted, then it fails by name and nothing stays', async ({ directory }) => {
    await rejects(
      mounts.mount({ type: 'tmpfs', source: 'none', target: join(directory, 'no'), options: [] }),
      'KERNEL_CALL_FAILED',
      'ENOENT',
    );
    await rejects(mounts.mount({ type: 'nosuchfs', source: 'none', target: directory, options: [] }), 'KERNEL_CALL_FAILED', 'ENODEV');
    const long = `lowerdir=${'/x'.repeat(3000)}`;
    await rejects(mounts.mount({ type: 'overlay', source: 'none', target: directory, options: [long] }), 'KERNEL_CALL_FAILED', 'E2BIG');
    assert.equal(await mountsUnder(directory), []);
  });

  test('given nodes of all types, when they are made, then type, number and mode are exact', async ({ directory }) => {
    const path = (name: string): string => join(directory, name);
    await files.mknod(path('null'), { type: 'char', mode: 0o666, major: 1, minor: 3 });
    await files.mknod(path('loop'), { type: 'block', mode: 0o660, major: 7, minor: 300 });
    await files.mknod(path('pipe'), { type: 'fifo', mode: 0o622 });
    const [character, block, fifo] = await Promise.all(['null', 'loop', 'pipe'].map((name) => lstat(path(name))));
    assert.ok(character?.isCharacterDevice() && character.rdev === 0x103);
    assert.is((character?.mode ?? 0) & 0o7777, 0o666);
    assert.ok(block?.isBlockDevice());
    assert.is(block?.rdev, (7 << 8) | (300 & 0xff) | ((300 & ~0xff) << 12));
    assert.ok(fifo?.isFIFO());
    assert.is((fifo?.mode ?? 0) & 0o7777, 0o622);
    await rejects(files.mknod(path('null'), { type: 'fifo', mode: 0o600 }), 'KERNEL_CALL_FAILED', 'EEXIST');
  });

  test('given extended attributes, when they are set, read, listed and removed, then bytes are kept', async ({ directory }) => {
    const value = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
    await files.setXattr(directory, 'trusted.shiplog', value);
    await files.setXattr(directory, 'trusted.empty', new Uint8Array(0));
    assert.equal([...((await files.getXattr(directory, 'trusted.shiplog')) ?? [])], [...value]);
    assert.is((await files.getXattr(directory, 'trusted.empty'))?.length, 0);
    assert.equal((await files.listXattrs(directory)).filter((name) => name.startsWith('trusted.')).toSorted(), [
      'trusted.empty',
      'trusted.shiplog',
    ]);
    await files.removeXattr(directory, 'trusted.shiplog');
    await files.removeXattr(directory, 'trusted.shiplog');
    assert.is(await files.getXattr(directory, 'trusted.shiplog'), undefined);
    await rejects(files.getXattr(join(directory, 'missing'), 'trusted.x'), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a symlink, when its attributes and times are set, then those of its target stay', async ({ directory }) => {
    const [target, link] = [join(directory, 'target'), join(directory, 'link')];
    await writeFile(target, '');
    await symlink(target, link);
    const before = (await lstat(target, { bigint: true })).mtimeNs;
    await files.setTimes(link, -1n, 1_700_000_000_123_456_789n);
    await files.setXattr(link, 'trusted.shiplog', Uint8Array.of(1));
    const after = await lstat(link, { bigint: true });
    assert.is(after.mtimeNs, 1_700_000_000_123_456_789n);
    assert.is(after.atimeNs, -1n);
    assert.is((await lstat(target, { bigint: true })).mtimeNs, before);
    assert.is(await files.getXattr(target, 'trusted.shiplog'), undefined);
  });

  test('given paths made to escape, when they are resolved beneath a root, then none leads out', async ({ directory }) => {
    const root = join(directory, 'root');
    await mkdir(join(root, 'a/b'), { recursive: true });
    await mkdir(join(root, 'tmp'));
    await writeFile(join(root, 'a/file'), '');
    await symlink('/', join(root, 'slash'));
    await symlink('../../../../../..', join(root, 'a/up'));
    await symlink('/tmp/new', join(root, 'dangling'));
    await symlink('b/../../tmp/new', join(root, 'a/relative'));
    await symlink('loop', join(root, 'loop'));
    const resolves: readonly (readonly [path: string, place: string])[] = [
      ['/', ''],
      ['', ''],
      ['../../..', ''],
      ['a/b', '/a/b'],
      ['/a/../a/file', '/a/file'],
      ['slash/a', '/a'],
      ['slash/slash/../..', ''],
      ['a/up/a/b', '/a/b'],
      ['new', '/new'],
      ['a/b/', '/a/b'],
      ['new/', '/new'],
      ['dangling', '/tmp/new'],
      ['a/relative', '/tmp/new'],
      ['a/up/../../etc', '/etc'],
    ];
    for (const [path, place] of resolves) assert.is(await files.resolveBeneath(root, path), `${root}${place}`, path);
    for (const path of ['new/x', 'dangling/x', 'new/..']) await rejects(files.resolveBeneath(root, path), 'PATH_NOT_FOUND');
    await rejects(files.resolveBeneath(root, 'loop'), 'KERNEL_CALL_FAILED', 'ELOOP');
    await rejects(files.resolveBeneath(root, 'a/file/x'), 'KERNEL_CALL_FAILED', 'ENOTDIR');
    await rejects(files.resolveBeneath(join(directory, 'no'), 'x'), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a file system, when it is synced, then that ends; many times at once too', async ({ directory }) => {
    await Promise.all(Array.from({ length: 3 }, () => files.syncFilesystem(directory)));
    await files.syncFilesystem(directory);
    await rejects(files.syncFilesystem(join(directory, 'no')), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a namespace, when it is made, then loopback is up in it and this process stays where it was', async ({ directory }) => {
    const path = join(directory, 'net');
    const home = await networkOf('/proc/self/ns/net');
    await namespaces.createNetwork(path);
    await namespaces.createNetwork(path);
    assert.is(await namespaces.isNamespace(path), true);
    assert.equal(await links.list(path), [
      { index: 1, name: 'lo', kind: '', up: true, mac: '00:00:00:00:00:00', addresses: ['127.0.0.1/8'] },
    ]);
    assert.is(await networkOf('/proc/self/ns/net'), home);
    await namespaces.removeNetwork(path);
    await namespaces.removeNetwork(path);
    assert.is(await namespaces.isNamespace(path), false);
    assert.equal(await mountsUnder(directory), []);
  });

  test('given a left file or a missing directory, when a namespace is made, then it is used or refused, and nothing stays', async ({
    directory,
  }) => {
    const path = join(directory, 'net');
    await writeFile(path, '');
    await namespaces.createNetwork(path);
    assert.is(await namespaces.isNamespace(path), true);
    await rejects(namespaces.createNetwork(join(directory, 'no/net')), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a sysctl, when it is set in a namespace, then the host keeps its own', async ({ directory }) => {
    const path = join(directory, 'net');
    await namespaces.createNetwork(path);
    const before = await namespaces.getSysctl('net.ipv4.ip_default_ttl');
    await namespaces.setSysctl('net.ipv4.ip_default_ttl', '77', path);
    assert.is(await namespaces.getSysctl('net.ipv4.ip_default_ttl', path), '77');
    assert.is(await namespaces.getSysctl('net.ipv4.ip_default_ttl'), before);
    await rejects(namespaces.setSysctl('kernel.hostname', 'x', path), 'SPEC_INVALID');
    await rejects(namespaces.getSysctl('net.no.such', path), 'KERNEL_CALL_FAILED', 'ENOENT');
    await rejects(namespaces.getSysctl('net.ipv4.ip_forward', join(directory, 'no')), 'KERNEL_CALL_FAILED', 'ENOENT');
    await rejects(links.list('/proc/self/ns/uts'), 'KERNEL_CALL_FAILED', 'EINVAL');
    assert.equal((await links.list()).length > 0, true);
  });

  test('given a bridge and a veth pair, when they are made in single steps, then all is as asked', async ({ directory }) => {
    const path = join(directory, 'net');
    await namespaces.createNetwork(path);
    await links.createBridge('kb0');
    await links.createBridge('kb0');
    await links.createVeth('kv0', { name: 'eth0', namespace: path, mac: '02:42:c6:12:00:02' });
    await rejects(links.createVeth('kv0', { name: 'eth9', namespace: path }), 'KERNEL_CALL_FAILED', 'EEXIST');
    await links.setMaster('kv0', 'kb0');
    await links.setMac('kb0', '02:00:00:00:00:01');
    await links.up('kb0');
    await links.up('kv0');
    await links.addAddress('kb0', '198.18.0.1/24');
    await links.addAddress('eth0', '198.18.0.2/24', path);
    await links.addAddress('eth0', '198.18.0.2/24', path);
    await links.up('eth0', path);
    await links.addRoute({ to: 'default', via: '198.18.0.1' }, path);
    await links.addRoute({ to: 'default', via: '198.18.0.1', device: 'eth0' }, path);
    await links.addRoute({ to: '198.19.0.0/16', device: 'eth0' }, path);
    await rejects(links.addRoute({ to: 'default', via: '198.18.0.3' }, path), 'KERNEL_CALL_FAILED', 'EEXIST');
    const [bridge, veth] = ['kb0', 'kv0'].map(async (name) => (await links.list()).find((link) => link.name === name));
    assert.is((await bridge)?.mac, '02:00:00:00:00:01');
    assert.equal((await bridge)?.addresses, ['198.18.0.1/24']);
    assert.is((await veth)?.master, 'kb0');
    const far = (await links.list(path)).find(({ name }) => name === 'eth0');
    assert.is(far?.mac, '02:42:c6:12:00:02');
    assert.equal((await links.routes(path)).map(({ to }) => to).toSorted(), ['198.18.0.0/24', '198.19.0.0/16', 'default']);
    await links.remove('kv0');
    await links.remove('kv0');
    assert.is((await links.list(path)).length, 1);
    await links.remove('kb0');
  });

  test('given a plan that cannot be carried out, when a veth pair is made, then none is there', async ({ directory }) => {
    const path = join(directory, 'net');
    await namespaces.createNetwork(path);
    const unreachable = {
      name: 'eth0',
      namespace: path,
      up: true,
      addresses: ['198.18.0.2/24'],
      routes: [{ to: 'default', via: '203.0.113.1' }],
    };
    await rejects(links.createVeth('kv1', unreachable), 'KERNEL_CALL_FAILED');
    await rejects(links.createVeth('kv1', { name: 'eth0', namespace: path }, { master: 'nosuch' }), 'KERNEL_CALL_FAILED', 'ENODEV');
    await rejects(links.createVeth('much-too-long-a-name', { name: 'eth0' }), 'KERNEL_CALL_FAILED', 'EINVAL');
    assert.is((await links.list(path)).length, 1);
    assert.ok(!(await links.list()).some(({ name }) => name === 'kv1'));
  });

  test('given links with an alias, when they are listed, then the alias is there; a removed link is gone at once', async () => {
    await links.createBridge('kb1', { alias: 'what it is', up: true, mtu: 1400 });
    assert.is((await links.list()).find(({ name }) => name === 'kb1')?.alias, 'what it is');
    await links.remove('kb1');
    assert.ok(!(await links.list()).some(({ name }) => name === 'kb1'));
    await links.createBridge('kb1');
    await links.remove('kb1');
    await rejects(links.up('kb1'), 'KERNEL_CALL_FAILED', 'ENODEV');
  });

  test('given nft scripts, when one line is wrong, then nothing of it is done and nft says why', async () => {
    await firewall.apply('table ip shiplog_kt { set s { type ipv4_addr; }\n }\n');
    const error = await rejects(
      firewall.apply('add element ip shiplog_kt s { 198.18.0.1 }\nadd rule ip shiplog_kt nochain accept\n'),
      'KERNEL_CALL_FAILED',
    );
    assert.match(error.message, /nft: /);
    const [set] = await firewall.list('list set ip shiplog_kt s');
    assert.is((set?.['set'] as { elem?: unknown } | undefined)?.elem, undefined);
    await firewall.apply('delete table ip shiplog_kt');
    await rejects(firewall.list('list table ip shiplog_kt'), 'KERNEL_CALL_FAILED', 'ENOENT');
    await rejects(firewall.apply('no such command'), 'KERNEL_CALL_FAILED', 'EINVAL');
  });

  test('given scripts from many callers at once, when they run, then each has its own answer', async () => {
    await firewall.apply('table ip shiplog_kt { set s { type inet_service; }\n }\n');
    const ended = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        firewall.apply(`add element ip shiplog_kt ${index % 2 === 0 ? 's' : 'no'} { ${index + 1} }\n`),
      ),
    );
    assert.is(ended.filter(({ status }) => status === 'fulfilled').length, 10);
    const [set] = await firewall.list('list set ip shiplog_kt s');
    assert.is((set?.['set'] as { elem: readonly unknown[] } | undefined)?.elem.length, 10);
    await firewall.apply('delete table ip shiplog_kt');
  });

  test('given a process, when it is signalled, then only if it is the one meant', async () => {
    const child = spawn('sleep', ['60']);
    const ended = once(child, 'exit');
    const pid = child.pid ?? 0;
    const start = await processes.startTicks(pid);
    assert.ok(start !== undefined && start > 0);
    assert.is(await processes.kill(pid, 0), true);
    assert.is(await processes.kill(pid, 9, start - 1), false);
    assert.is(await processes.kill(pid, 9, start), true);
    await ended;
    assert.is(await processes.startTicks(pid), undefined);
    assert.is(await processes.kill(pid, 9), false);
    assert.match(processes.bootId(), /^[0-9a-f-]{36}$/);
  });

  test('given a program, when it is spawned, then it has what it was given, leads a session and is no zombie afterwards', async () => {
    const file = await open('/proc/self/comm', 'r');
    // The shell reads its own signals: it blocks all of them while it starts another program.
    const script =
      'while read -r line; do case $line in Sig[BIC]*) echo "$line" >&4 ;; esac; done </proc/$$/status; ' +
      'echo "$HOME|$PWD|$(id -u)"; cut -d" " -f6 /proc/$$/stat; ls /proc/$$/fd; cat <&3 >&4';
    const { pid, pipes } = await processes.spawn({
      program: '/bin/sh',
      args: ['-c', script],
      env: { HOME: '/nowhere', PATH: process.env['PATH'] ?? '' },
      directory: '/usr',
      files: ['null', 'pipe', 'pipe', file.fd, 'pipe'],
    });
    await file.close();
    assert.equal(
      pipes.map((pipe) => pipe !== undefined),
      [false, true, true, false, true],
    );
    const [, out = '', errors, , more = ''] = await Promise.all(pipes.map(textOf));
    assert.is(errors, '');
    const [greeting, session, ...descriptors] = out.trim().split('\n');
    assert.is(greeting, `/nowhere|/usr|${process.getuid?.() ?? 0}`);
    assert.is(Number(session), pid);
    assert.equal(descriptors.slice(0, 5), ['0', '1', '2', '3', '4']);
    // The shell itself may have one more, for the command substitution.
    assert.ok(descriptors.length <= 6, descriptors.join(' '));
    assert.match(more, /SigBlk:\t0+\nSigIgn:\t0+\nSigCgt:\t/);
    for (let tries = 0; tries < 200 && (await exists(`/proc/${pid}`)); tries += 1) await sleep(10);
    assert.is(await exists(`/proc/${pid}`), false);
  });

  test('given no such program, when it is spawned, then the error names it and no descriptor stays open', async () => {
    const before = (await readdir('/proc/self/fd')).length;
    const spawned = processes.spawn({ program: '/no/such', args: [], env: {}, directory: '/', files: ['null', 'pipe', 'pipe'] });
    const error = await rejects(spawned, 'KERNEL_CALL_FAILED', 'ENOENT');
    assert.match(error.message, /\/no\/such/);
    assert.is((await readdir('/proc/self/fd')).length, before);
  });

  test('given programs, when they are run, then they read their input, and their code and words are told', async () => {
    const sh = (script: string) => ({ program: '/bin/sh', args: ['-c', script], env: { A: 'b' }, directory: '/' });
    assert.equal(await processes.run({ ...sh('cat; echo "$A$HOME"; echo no >&2; exit 3'), input: 'one\n' }), {
      code: 3,
      stdout: 'one\nb\n',
      stderr: 'no\n',
    });
    assert.equal(await processes.run({ ...sh('kill -9 $$'), input: '' }), { code: 137, stdout: '', stderr: '' });
    const { stdout } = await processes.run({ ...sh('head -c 3000000 /dev/zero'), input: '' });
    assert.is(stdout.length, 1 << 20);
    await rejects(processes.run({ program: '/no/such', args: [], env: {}, directory: '/', input: '' }), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a program that goes on, when its caller gives up, then it and what it started end, and let go of what they held', async ({
    directory,
  }) => {
    const lock = join(directory, 'held');
    const given = new AbortController();
    const running = processes.run({
      program: '/bin/sh',
      args: ['-c', `sleep 1000 & echo $! >${directory}/pid.new; mv ${directory}/pid.new ${directory}/pid; wait`],
      env: { PATH: process.env['PATH'] ?? '' },
      directory: '/',
      input: '',
      holds: lock,
      signal: given.signal,
    });
    while (!(await exists(join(directory, 'pid')))) await sleep(5);
    assert.is(await processes.lock(lock), undefined);
    given.abort();
    assert.is((await running).code, 137);
    const held = await processes.lock(lock);
    assert.ok(held !== undefined);
    await held.release();
  });

  test('given a process, when its origin is asked for, then it is what /proc says, and nothing once it has ended', async () => {
    const child = spawn('sleep', ['60']);
    const ended = once(child, 'exit');
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const { start, exe, loginuid, cgroup } = (await processes.origin(pid)) ?? {};
    assert.is(start, await processes.startTicks(pid));
    assert.is(exe, await readlink(`/proc/${pid}/exe`));
    const login = Number(await readFile(`/proc/${pid}/loginuid`, 'utf8').catch(() => '4294967295'));
    assert.is(loginuid, login === 4_294_967_295 ? undefined : login);
    assert.ok((await readFile(`/proc/${pid}/cgroup`, 'utf8')).split('\n').some((line) => line.endsWith(`:${cgroup}`)));
    child.kill('SIGKILL');
    await ended;
    assert.is(await processes.origin(pid), undefined);
  });

  test('given a lock that is held, when it is taken again, then not until it is released', async ({ directory }) => {
    const path = join(directory, 'lock');
    const held = await processes.lock(path);
    assert.ok(held !== undefined);
    assert.is(await processes.lock(path), undefined);
    await held.release();
    const again = await processes.lock(path);
    assert.ok(again !== undefined);
    await again.release();
    await rejects(processes.lock(join(directory, 'no/lock')), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a server, when its port is looked at, then it is not free; when it ends, it is', async () => {
    await links.up('lo');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    assert.is(await processes.portIsFree('tcp', '', port), false);
    assert.is(await processes.portIsFree('tcp', '127.0.0.1', port), false);
    assert.is(await processes.portIsFree('udp', '', port), true);
    assert.is(await processes.portIsFree('sctp', '', port), true);
    server.close();
    await once(server, 'close');
    assert.is(await processes.portIsFree('tcp', '', port), true);
    await rejects(processes.portIsFree('tcp', '203.0.113.9', port), 'KERNEL_CALL_FAILED', 'EADDRNOTAVAIL');
    await rejects(processes.portIsFree('tcp', '::1', port), 'NOT_SUPPORTED');
  });

  test('given a descriptor that is no socket, when its peer is asked for, then ENOTSOCK', async ({ directory }) => {
    const file = await open(join(directory, 'file'), 'w');
    assert.throws(
      () => processes.peerCredentials(file.fd),
      (error: unknown) => error instanceof ShiplogError && error.facts['errno'] === 'ENOTSOCK',
    );
    await file.close();
  });

  test('given a unix socket, when its peer is asked for, then it is the process at the other end', async ({ directory }) => {
    const path = join(directory, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const client = spawn(process.execPath, [
      '-e',
      `require('node:net').connect(process.argv[1]); setTimeout(() => undefined, 60000)`,
      '--',
      path,
    ]);
    const [connection] = (await once(server, 'connection')) as [{ _handle: { fd: number }; destroy(): void }];
    assert.equal(processes.peerCredentials(connection._handle.fd), { pid: client.pid, uid: 0, gid: 0 });
    client.kill('SIGKILL');
    connection.destroy();
    server.close();
    await once(server, 'close');
  });

  test('given a kernel that is disposed, when it is used again, then it works', async ({ directory }) => {
    const other = createKernel();
    await other.namespaces.createNetwork(join(directory, 'net'));
    await other[Symbol.asyncDispose]();
    assert.is(await other.namespaces.isNamespace(join(directory, 'net')), true);
    await other[Symbol.asyncDispose]();
  });

  test.run();
}

if (await apart(import.meta.filename)) tests();
