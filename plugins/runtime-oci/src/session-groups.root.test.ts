import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext } from '@shiplog/contracts';
import type { RuntimeFixture } from '@shiplog/conformance/runtime';
import { processesIn } from '@shiplog/driver-kit';
import { fixture } from './testing/fixture.ts';

const ID = 'c'.repeat(64);
const EXEC = 'e'.repeat(64);
/** Milliseconds. */
const PATIENCE = 30_000;
const ctx = createContext({ op: 'test', signal: new AbortController().signal });

async function withContainer(
  name: string,
  work: (host: RuntimeFixture, run: (command: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const host = await fixture(name);
  const { driver } = host;
  try {
    const log = { driver: 'k8s-file', path: host.logPath(ID), options: {} };
    const plain = { user: '', groups: [], seccomp: 'default', devices: [], allDevices: false, init: false, files: {}, directories: [] };
    const stdio = { terminal: false, stdin: false, stdinOnce: false };
    await driver.create({ id: ID, spec: host.spec(ID, ['/bin/sleep', '4000']), runtime: name, log, ...plain, ...stdio }, ctx);
    await driver.start({ id: ID }, ctx);
    await work(host, async (command) => {
      const { process } = host.spec(ID, ['/bin/sh', '-c', command]) as { readonly process: object };
      await driver.execCreate({ id: ID, exec: EXEC, process: process as never, user: '', terminal: false, stdin: false }, ctx);
      await driver.execStart({ id: ID, exec: EXEC }, ctx);
    });
    await driver.remove({ id: ID }, ctx);
    assert.equal(await host.remains([ID, EXEC]), []);
  } finally {
    await driver.remove({ id: ID }, ctx);
    await host.cleanup();
  }
}

/** Command lines of what runs in the container, by its control groups. */
async function commands({ driver, kernel }: RuntimeFixture): Promise<readonly string[]> {
  const { process } = await driver.state({ id: ID }, ctx);
  const own = /^\d+:freezer:(.*)$/m.exec(await readFile(`/proc/${process?.pid}/cgroup`, 'utf8'))?.[1];
  const mounts = await kernel.mounts.list();
  const freezer = mounts.find(({ type, superOptions }) => type === 'cgroup' && superOptions.includes('freezer'));
  const unified = /^0::(.*)$/m.exec(await readFile(`/proc/${process?.pid}/cgroup`, 'utf8'))?.[1];
  const group =
    freezer === undefined
      ? join(mounts.find(({ type }) => type === 'cgroup2')?.target ?? '', unified ?? '')
      : join(freezer.target, own ?? '');
  const lines = (await processesIn(group)).map(async (pid) =>
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
  );
  return (await Promise.all(lines)).filter((line) => line.includes('sleep ')).toSorted();
}

async function until(host: RuntimeFixture, holds: (lines: readonly string[]) => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE; !holds(await commands(host)); await sleep(10))
    if (Date.now() > end) throw new Error(`in vain: ${(await commands(host)).join(', ')}`);
}

/** Until the session's monitor has said that it ended. */
async function endOfSession({ driver }: RuntimeFixture): Promise<void> {
  const following = new AbortController();
  for await (const { exec } of driver.exits(following.signal)) if (exec === EXEC) break;
  following.abort();
}

for (const name of ['crun', 'runc']) {
  const test = suite(`runtime-oci: groups of exec sessions with ${name}`);

  test('given a session whose processes began sessions of their own, when it is removed, then all of them are gone, and nobody else', () =>
    withContainer(name, async (host, run) => {
      await run('setsid sleep 4001 & setsid sh -c "sleep 4002 & exec sleep 4003" & (setsid sleep 4004 &) ; exec sleep 4005');
      await until(host, (lines) =>
        [4000, 4001, 4002, 4003, 4004, 4005].every((number) => lines.some((line) => line.endsWith(`sleep ${number} `))),
      );
      await host.driver.execRemove({ id: ID, exec: EXEC }, ctx);
      assert.equal(await commands(host), ['/bin/sleep 4000 ']);
    }));

  test('given a session that ended by itself and left a process, when it is removed, then that runs on, until the container is removed', () =>
    withContainer(name, async (host, run) => {
      const ended = endOfSession(host);
      await run('setsid sleep 4001 & :');
      await ended;
      await until(host, (lines) => lines.length === 2 && lines.some((line) => line.endsWith('sleep 4001 ')));
      await host.driver.execRemove({ id: ID, exec: EXEC }, ctx);
      assert.is((await commands(host)).length, 2);
    }));

  test.run();
}
