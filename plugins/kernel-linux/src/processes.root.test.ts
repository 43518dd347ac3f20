import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { kernel, kernelTests, rejects, exists, textOf } from './kernel.test.util.ts';

const { processes } = kernel;

await kernelTests(import.meta.filename, 'processes', (test) => {
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
    for (let tries = 0; tries < 6000 && (await exists(`/proc/${pid}`)); tries += 1) await sleep(10);
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

  test('given a program, when bytes go through it, then what it writes comes out as it comes, and its failure is told', async () => {
    const sh = (script: string, input: AsyncIterable<Uint8Array>) =>
      processes.filter({ program: '/bin/sh', args: ['-c', script], env: { PATH: process.env['PATH'] ?? '' }, directory: '/', input });
    async function* twice(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(1 << 20, 'a');
      yield Buffer.from('end');
    }
    assert.is((await textOf(sh('tr a b', twice())))?.length, (1 << 20) + 3);
    // One that stops reading, and is content.
    assert.is(await textOf(sh('head -c 2', twice())), 'aa');
    const error = await rejects(textOf(sh('cat >/dev/null; echo why >&2; exit 3', twice())), 'KERNEL_CALL_FAILED');
    assert.equal([error.facts['call'], error.facts['code'], error.facts['stderr']], ['filter', 3, 'why']);
    const missing = processes.filter({ program: '/no/such', args: [], env: {}, directory: '/', input: twice() });
    await rejects(textOf(missing), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given bytes that go through a program, when their source fails or their reader leaves, then it is ended and nothing stays open', async ({
    directory,
  }) => {
    const before = (await readdir('/proc/self/fd')).length;
    const closed: string[] = [];
    async function* source(name: string, fails: boolean): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.alloc(100_000, 'x');
        while (!(await exists(join(directory, name)))) await sleep(5);
        if (fails) throw new ShiplogError('CANCELED', 'gone');
        for (;;) yield Buffer.alloc(100_000, 'x');
      } finally {
        closed.push(name);
      }
    }
    // It would go on for ever.
    const through = (input: AsyncIterable<Uint8Array>, name: string) =>
      processes.filter({
        program: '/bin/sh',
        args: ['-c', `echo $$ >${directory}/new; mv ${directory}/new ${directory}/${name}; cat; exec sleep 1000`],
        env: { PATH: process.env['PATH'] ?? '' },
        directory: '/',
        input,
      });
    await rejects(textOf(through(source('failing', true), 'failing')), 'CANCELED');
    for await (const chunk of through(source('left', false), 'left')) if (chunk.length > 0) break;
    for (const name of ['failing', 'left']) {
      const pid = Number(await readFile(join(directory, name), 'utf8'));
      assert.is(await processes.startTicks(pid), undefined, name);
    }
    while (closed.length < 2 || (await readdir('/proc/self/fd')).length > before) await sleep(5);
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
});
