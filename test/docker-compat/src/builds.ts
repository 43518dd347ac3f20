import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, type Test } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, type Ran, TestDaemon } from '@shiplog/test-support';

export const IMAGE = 'busybox:test';

/** Files of a context, by path. */
export type Files = { readonly [path: string]: string };

/** A daemon that builds, and contexts for it. */
export class Builds {
  readonly daemon: TestDaemon;
  /** Removed after the tests. */
  readonly scratch: string;
  #contexts = 0;

  private constructor(daemon: TestDaemon, scratch: string) {
    this.daemon = daemon;
    this.scratch = scratch;
  }

  static async suite(name: string): Promise<{ readonly test: Test; readonly builds: Builds }> {
    const test = suite(name);
    const builds = new Builds(await TestDaemon.start(), await mkdtemp(join(tmpdir(), 'shiplog-build-')));
    test.before(async () => {
      await busyboxArchive(join(builds.scratch, 'busybox.tar'), IMAGE);
      await builds.ok('load', '-q', '-i', join(builds.scratch, 'busybox.tar'));
    });
    test.after(async () => {
      await builds.daemon.destroy();
      await rm(builds.scratch, { recursive: true, force: true });
    });
    return { test, builds };
  }

  /** A directory with these files. */
  async context(files: Files): Promise<string> {
    this.#contexts += 1;
    const directory = join(this.scratch, `context-${this.#contexts}`);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    return directory;
  }

  /** `docker build` with the classic builder. */
  build(directory: string, ...flags: readonly string[]): Promise<Ran> {
    return this.daemon.docker(['build', ...flags, directory]);
  }

  /** The same of a Dockerfile and files beside it; it must succeed. */
  async built(dockerfile: readonly string[], files: Files = {}, ...flags: readonly string[]): Promise<string> {
    const directory = await this.context({ ...files, Dockerfile: dockerfile.join('\n') });
    const { code, stdout, stderr } = await this.build(directory, ...flags);
    assert.is(code, 0, `${stdout}${stderr}`);
    return stdout;
  }

  /** What docker prints; it must succeed. */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.daemon.docker(args);
    assert.is(code, 0, `docker ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** What a shell in a container of an image says. */
  says(image: string, script: string): Promise<string> {
    return this.ok('run', '--rm', '--network', 'none', '--entrypoint', 'sh', image, '-c', script);
  }

  /** Ids of all containers. */
  async containers(): Promise<string> {
    return this.ok('ps', '-aq');
  }
}
