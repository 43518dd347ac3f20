import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf, type Logger } from '@shiplog/driver-kit';
import type { Layout } from './layout.ts';
import { findProgram } from './programs.ts';
import type { Runtime } from './runtime.ts';

/** Finds a runtime on this host. `wanted` is the name that a client asked for; `state` is where it keeps what it knows of containers. */
export type ChooseRuntime = (wanted: string, state: string) => Promise<Runtime>;

/** The programs of this host: the monitor, and the runtime by name. Each is looked for once. */
export class Runtimes {
  readonly #chosen = new Map<string, Promise<Runtime>>();
  #monitor: Promise<string> | undefined;

  constructor(
    private readonly layout: Layout,
    private readonly logger: Logger,
    private readonly choose: ChooseRuntime,
  ) {}

  /** Where conmon is. The directories that it and the runtime work in are there when this resolves. */
  monitor(): Promise<string> {
    return (this.#monitor ??= (async () => {
      for (const directory of [this.layout.state, this.layout.exits, this.layout.containers])
        await mkdir(directory, { recursive: true, mode: 0o700 });
      const conmon = await findProgram('conmon');
      if (conmon === undefined) throw new ShiplogError('HOST_UNSUITABLE', 'conmon is not installed; install it (apt-get install conmon)');
      return conmon;
    })());
  }

  /** The one that is called so; '' for any. */
  called(wanted: string): Promise<Runtime> {
    let chosen = this.#chosen.get(wanted);
    if (chosen === undefined) {
      chosen = this.monitor().then(() => this.choose(wanted, this.layout.state));
      chosen.then(
        (runtime) => this.logger.debug('runtime chosen', { wanted, name: runtime.name, path: runtime.path }),
        () => this.#chosen.delete(wanted),
      );
      this.#chosen.set(wanted, chosen);
    }
    return chosen;
  }

  /** The one that made the container. */
  of(id: string): Promise<Runtime> {
    return this.called(this.#keptName(id));
  }

  /** True when one was chosen for the container. */
  made(id: string): boolean {
    return existsSync(join(this.layout.bundle(id), 'runtime'));
  }

  #keptName(id: string): string {
    try {
      return readFileSync(join(this.layout.bundle(id), 'runtime'), 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return '';
      throw error;
    }
  }
}
