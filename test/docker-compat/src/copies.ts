import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, run, TestDaemon } from '@shiplog/test-support';
import { ask, type RawAnswer } from './raw-http.ts';

const IMAGE = 'busybox:test';

/** A daemon, its containers, and files to copy into them. */
export class Copies {
  readonly daemon: TestDaemon;
  /** Removed after the tests. */
  readonly scratch: string;
  /** Has `file`, and `tree` with a link, an empty directory and a setuid script. */
  readonly host: string;
  readonly #names: string[] = [];

  private constructor(daemon: TestDaemon, scratch: string) {
    this.daemon = daemon;
    this.scratch = scratch;
    this.host = join(scratch, 'host');
  }

  /** A suite with a daemon of its own; that nothing is left on the host is its last test's to ask (`isClean`). */
  static async suite(name: string): Promise<{ readonly test: Test; readonly copies: Copies }> {
    const test = suite(name);
    const copies = new Copies(await TestDaemon.start(), await mkdtemp(join(tmpdir(), 'shiplog-copy-')));
    test.before(() => copies.#prepare());
    test.after.each(() => copies.removeAll());
    test.after(async () => {
      await copies.daemon.destroy();
      await rm(copies.scratch, { recursive: true, force: true });
    });
    return { test, copies };
  }

  async #prepare(): Promise<void> {
    const { scratch, host } = this;
    await busyboxArchive(join(scratch, 'busybox.tar'), IMAGE);
    await this.ok(['load', '-q', '-i', join(scratch, 'busybox.tar')]);
    await mkdir(join(host, 'tree', 'sub', 'empty'), { recursive: true });
    await writeFile(join(host, 'file'), 'content of a file\n');
    await writeFile(join(host, 'tree', 'sub', 'script'), '#!/bin/sh\n', { mode: 0o755 });
    await chmod(join(host, 'tree', 'sub', 'script'), 0o4755);
    await symlink('sub/script', join(host, 'tree', 'link'));
  }

  async removeAll(): Promise<void> {
    if (this.#names.length > 0) await this.daemon.docker(['rm', '-f', '-v', ...this.#names.splice(0)]);
  }

  /** What docker prints; it must succeed. */
  async ok(args: readonly string[], options: { readonly input?: string | Uint8Array } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.daemon.docker(args, options);
    assert.is(code, 0, `docker ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** A container, removed after the test. */
  async made(name: string, kind: 'running' | 'created' | 'exited', flags: readonly string[] = []): Promise<string> {
    this.#names.push(name);
    const [verb, command] = {
      created: [['create'], ['sleep', '600']],
      running: [
        ['run', '-d'],
        ['sleep', '600'],
      ],
      exited: [['run'], ['true']],
    }[kind];
    await this.ok([...verb!, '--name', name, ...flags, IMAGE, ...command!]);
    return name;
  }

  /** What a shell in the container says. */
  inside(container: string, script: string): Promise<string> {
    return this.ok(['exec', container, 'sh', '-c', script]);
  }

  put(container: string, path: string, body: Uint8Array, query = ''): Promise<RawAnswer> {
    return ask(this.daemon.socket, 'PUT', `/containers/${container}/archive?path=${encodeURIComponent(path)}${query}`, body);
  }

  /** Names in the tar that is at a path. */
  async namesAt(container: string, path: string): Promise<readonly string[]> {
    const { code, stdout, stderr } = await run('sh', ['-c', 'docker cp "$0" - | tar -t', `${container}:${path}`], { env: this.daemon.env });
    assert.is(code, 0, stderr);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .toSorted();
  }

  async isClean(): Promise<void> {
    assert.equal(await hostTraces(this.daemon.directory), []);
  }
}
