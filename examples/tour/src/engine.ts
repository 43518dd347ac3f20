import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './shell.ts';

/** A daemon on a throwaway root, beside any other on this host. */
export class TourEngine {
  readonly socket: string;
  #daemon: ChildProcess | undefined;

  constructor(
    readonly directory: string,
    private readonly bridge: string,
    private readonly subnet: string,
  ) {
    this.socket = `${directory}/docker.sock`;
  }

  get flags(): string[] {
    return [
      '--root',
      `${this.directory}/root`,
      '--run',
      `${this.directory}/run`,
      '--docker-socket',
      this.socket,
      '--network-bridge',
      this.bridge,
      '--network-subnet',
      this.subnet,
    ];
  }

  /** Starts the daemon and waits until it answers. */
  async start(): Promise<void> {
    const daemon = spawn('shiplogd', this.flags, { stdio: ['ignore', 'ignore', 'pipe'] });
    daemon.stderr?.pipe(createWriteStream(`${this.directory}/shiplogd.log`, { flags: 'a' }));
    this.#daemon = daemon;
    for (let tries = 0; tries < 200; tries += 1) {
      if (daemon.exitCode !== null) break;
      const { code } = await run('shiplog', ['--host', `unix://${this.socket}`, 'version']);
      if (code === 0) return;
      await sleep(50);
    }
    throw new Error(`the engine did not start; ${this.directory}/shiplogd.log says why`);
  }

  /** Ends the daemon with a signal and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
    daemon.kill(signal);
    await once(daemon, 'exit');
  }

  /** Removes everything it held on the host. */
  async tearDown(): Promise<void> {
    await this.end('SIGTERM');
    const { code, stderr } = await run('shiplogd', [...this.flags, '--teardown', '--log-level', 'error']);
    if (code !== 0) throw new Error(`the engine could not be torn down: ${stderr}`);
  }
}
