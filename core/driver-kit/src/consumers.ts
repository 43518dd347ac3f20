import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observed } from '@shiplog/contracts';
import { namesIn } from './safe-remove.ts';

/**
 * Who consumes which volume, as files in a directory that is gone after a reboot, like the mounts it counts. Names are the
 * engine's: safe in a file name.
 */
export class Consumers {
  readonly #directory: string;

  constructor(runDir: string) {
    this.#directory = join(runDir, 'consumers');
  }

  async add(volume: string, consumer: string): Promise<void> {
    await mkdir(join(this.#directory, volume), { recursive: true, mode: 0o700 });
    await writeFile(join(this.#directory, volume, consumer), '');
  }

  /** Succeeds when it is none. */
  async remove(volume: string, consumer: string): Promise<void> {
    await rm(join(this.#directory, volume, consumer), { force: true });
  }

  async of(volume: string): Promise<readonly string[]> {
    return namesIn(join(this.#directory, volume));
  }

  async forget(volume: string): Promise<void> {
    await rm(join(this.#directory, volume), { recursive: true, force: true });
  }

  /** Every consumption, as a volume driver's `observe` answers it. */
  async observe(): Promise<readonly Observed[]> {
    const volumes = await namesIn(this.#directory);
    const each = await Promise.all(
      volumes.map(async (of) => (await this.of(of)).map((id): Observed => ({ resource: 'publication', id, of }))),
    );
    return each.flat();
  }
}
