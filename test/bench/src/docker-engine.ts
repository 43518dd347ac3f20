import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, type Ran } from '@shiplog/test-support';
import { temporary, temporaryRun } from './directory.ts';

/** Docker's own daemon on a root of its own, to be measured in the same run. */
export class DockerEngine {
  private constructor(
    readonly directory: string,
    readonly runDirectory: string,
    private readonly daemon: ChildProcess,
  ) {}

  /** Undefined, with the reason, where it is not installed or does not start. */
  static async start(): Promise<DockerEngine | string> {
    if ((await run('sh', ['-c', 'command -v dockerd'])).code !== 0)
      return 'dockerd is not installed (apt-get install docker.io to compare)';
    const directory = await temporary('docker');
    const runDirectory = await temporaryRun('docker');
    const flags = [
      '--data-root',
      `${directory}/data`,
      '--exec-root',
      runDirectory,
      '--pidfile',
      `${directory}/pid`,
      '-H',
      `unix://${directory}/docker.sock`,
      '--bip',
      '10.191.77.1/24',
    ];
    const daemon = spawn('dockerd', flags, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-2000)));
    const engine = new DockerEngine(directory, runDirectory, daemon);
    for (let tries = 0; tries < 150 && daemon.exitCode === null; tries += 1) {
      if ((await engine.docker(['version'])).code === 0) return engine;
      await sleep(100);
    }
    await engine.done();
    return `dockerd did not start: ${said.trim().split('\n').at(-1) ?? ''}`;
  }

  get pid(): number {
    return this.daemon.pid ?? 0;
  }

  docker(args: readonly string[]): Promise<Ran> {
    return run('docker', args, { env: { ...process.env, DOCKER_HOST: `unix://${this.directory}/docker.sock` } });
  }

  async done(): Promise<void> {
    if (this.daemon.exitCode === null) {
      const gone = once(this.daemon, 'exit');
      this.daemon.kill('SIGTERM');
      await gone;
    }
    // dockerd leaves the namespace of its host-network containers mounted.
    await run('umount', ['-l', join(this.runDirectory, 'netns/default')]);
    for (const made of [this.directory, this.runDirectory]) await rm(made, { recursive: true, force: true });
  }
}
