import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { collectRemains, temporaryPath } from '@shiplog/driver-kit';
import type { SimProcess } from '@shiplog/sim-host';
import type { Plan } from './plan.ts';

/** What is kept of one container, so that it outlives the daemon. */
export interface Recorded {
  readonly id: string;
  readonly process: SimProcess;
  readonly plan: Plan;
  /** When it will end by itself, milliseconds since the epoch. */
  readonly endsAt?: number;
}

/** A file for each container. The directory is gone after a reboot, and so are its processes; hence nothing waits for the disk. */
export class Records {
  readonly #directory: string;

  constructor(runDir: string) {
    this.#directory = join(runDir, 'containers');
  }

  async all(): Promise<readonly Recorded[]> {
    await mkdir(this.#directory, { recursive: true });
    await collectRemains(this.#directory);
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith('.json'));
    return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(this.#directory, name), 'utf8')) as Recorded));
  }

  async save(record: Recorded): Promise<void> {
    const temporary = temporaryPath(this.#directory);
    await writeFile(temporary, JSON.stringify(record));
    await rename(temporary, this.#path(record.id));
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
