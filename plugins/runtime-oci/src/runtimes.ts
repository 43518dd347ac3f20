import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf, type Logger } from '@shiplog/driver-kit';
import type { Layout } from './layout.ts';
import { chooseRuntime, findProgram, type OciRuntime } from './oci-runtime.ts';

/** The programs of this host: the monitor, and the runtime by name. Each is looked for once. */
export class Runtimes {
  readonly #chosen = new Map<string, Promise<OciRuntime>>();
  #monitor: Promise<string> | undefined;

  constructor(
    private readonly layout: Layout,
    private readonly logger: Logger,
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

  /** `crun` or `runc`; `oci` or '' for the first that works. */
  called(wanted: string): Promise<OciRuntime> {
    const name = wanted === 'oci' ? '' : wanted;
    let chosen = this.#chosen.get(name);
    if (chosen === undefined) {
      chosen = this.monitor().then(() => chooseRuntime(name, this.layout.state));
      chosen.then(
        (runtime) => this.logger.debug('runtime chosen', { wanted, name: runtime.name, path: runtime.path }),
        () => this.#chosen.delete(name),
      );
      this.#chosen.set(name, chosen);
    }
    return chosen;
  }

  /** The one that made the container. */
  of(id: string): Promise<OciRuntime> {
    return this.called(this.#keptName(id));
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
