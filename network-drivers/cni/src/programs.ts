import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JsonObject, type Kernel, type Ran, ShiplogError } from '@shiplog/contracts';
import { KeyedLock, throwIfAborted } from '@shiplog/driver-kit';
import { failureOf, parseVersions } from './result.ts';

/** What plugins do beside their configuration (CNI 1.0.0, section 2, "Parameters"). */
export interface Execution {
  readonly command: 'ADD' | 'DEL' | 'CHECK' | 'VERSION';
  readonly containerId?: string;
  readonly netns?: string;
  readonly ifName?: string;
  /** Key and value pairs, as `A=b;C=d`. */
  readonly args?: string;
}

/** All that plugins have in PATH: iptables, and what else of the host they start. */
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Milliseconds that plugins of an engine that was killed are waited for, and how often. */
const LEFT_OVER = 10_000;
const LOOK = 20;

/** The plugins' programs. They run one at a time: many change the rules of iptables, which each reads before it writes. */
export class Programs {
  readonly #kernel: Kernel;
  readonly #directories: readonly string[];
  readonly #lock: string;
  readonly #turns = new KeyedLock();
  #alone: Promise<void> | undefined;

  /** `lock` is a file that running plugins hold. */
  constructor(kernel: Kernel, directories: readonly string[], lock: string) {
    this.#kernel = kernel;
    this.#directories = directories;
    this.#lock = lock;
  }

  /** Runs a plugin, and answers what it printed. Throws DRIVER_FAILED with what it said, HOST_UNSUITABLE if there is none. */
  async run(plugin: string, execution: Execution, configuration: JsonObject, signal: AbortSignal): Promise<string> {
    const program = await this.#find(plugin);
    return this.#turns.run('', async () => {
      this.#alone ??= this.#untilAlone();
      await this.#alone.catch((error: unknown) => {
        // Looked for again by the next one.
        this.#alone = undefined;
        throw error;
      });
      throwIfAborted(signal);
      const ran = await this.#start(program, execution, configuration, signal);
      if (ran.code !== 0) {
        throwIfAborted(signal);
        throw failureOf(plugin, execution.command, ran);
      }
      return ran.stdout;
    });
  }

  /** Throws HOST_UNSUITABLE where a plugin is missing, or does not know the version. */
  async require(plugin: string, cniVersion: string, signal: AbortSignal): Promise<void> {
    const known = parseVersions(await this.run(plugin, { command: 'VERSION' }, { cniVersion }, signal));
    if (known.includes(cniVersion)) return;
    throw new ShiplogError('HOST_UNSUITABLE', `CNI plugin ${plugin} does not know version ${cniVersion}; it knows ${known.join(', ')}`, {
      plugin,
    });
  }

  #start(
    program: string,
    { command, containerId, netns, ifName, args }: Execution,
    configuration: JsonObject,
    signal: AbortSignal,
  ): Promise<Ran> {
    const given = { CNI_CONTAINERID: containerId, CNI_NETNS: netns, CNI_IFNAME: ifName, CNI_ARGS: args };
    return this.#kernel.processes.run({
      program,
      args: [],
      env: {
        PATH,
        CNI_COMMAND: command,
        CNI_PATH: this.#directories.join(':'),
        ...Object.fromEntries(Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined)),
      },
      directory: '/',
      input: JSON.stringify(configuration),
      holds: this.#lock,
      signal,
    });
  }

  async #find(plugin: string): Promise<string> {
    for (const directory of this.#directories) {
      const path = join(directory, plugin);
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
    throw new ShiplogError('HOST_UNSUITABLE', `there is no CNI plugin ${plugin} in ${this.#directories.join(' or ')}; install it there`, {
      plugin,
    });
  }

  /** Plugins outlive an engine that is killed, and one that still adds must not meet one that deletes. */
  async #untilAlone(): Promise<void> {
    for (let waited = 0; waited < LEFT_OVER; waited += LOOK) {
      const held = await this.#kernel.processes.lock(this.#lock);
      if (held !== undefined) return held.release();
      await sleep(LOOK);
    }
  }
}
