import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject, NetworkDriver } from '@shiplog/contracts';
import { errnoOf, namesIn, readIfThere } from '@shiplog/driver-kit';
import type { PluginConfiguration } from './conflist.ts';

/** An endpoint that plugins were asked for: all that is needed to check it and to take it away, whatever became of its list meanwhile. */
export interface Attachment {
  /** As it was asked for. */
  readonly asked: Parameters<NetworkDriver['attach']>[0];
  /** What each plugin was given. */
  readonly execution: readonly PluginConfiguration[];
  readonly disableCheck: boolean;
  /** What the last plugin answered that has run. */
  readonly result?: JsonObject;
  /** All have run. */
  readonly isWhole: boolean;
}

/** Records of attachments, a file each in the run directory: written before the first plugin runs, gone after the last one has undone it. */
export class Attachments {
  readonly #directory: string;

  constructor(runDir: string) {
    this.#directory = join(runDir, 'attachments');
  }

  /** Ids of the endpoints that something may be there of. */
  async ids(): Promise<readonly string[]> {
    return (await namesIn(this.#directory)).filter((name) => !name.startsWith('.'));
  }

  async all(): Promise<readonly Attachment[]> {
    const found = await Promise.all((await this.ids()).map((id) => this.find(id)));
    return found.filter((attachment) => attachment !== undefined);
  }

  async find(endpoint: string): Promise<Attachment | undefined> {
    const text = await readIfThere(join(this.#directory, endpoint));
    // Written here, in one piece.
    return text === undefined ? undefined : (JSON.parse(text) as Attachment);
  }

  /** All of it or what was there before, also after SIGKILL; a reboot takes records along with what they tell of. */
  async write(attachment: Attachment): Promise<void> {
    const { id } = attachment.asked;
    const temporary = join(this.#directory, `.${id}`);
    try {
      await writeFile(temporary, JSON.stringify(attachment), { mode: 0o600 });
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      return this.write(attachment);
    }
    await rename(temporary, join(this.#directory, id));
  }

  /** Succeeds when there is none. */
  async forget(endpoint: string): Promise<void> {
    await rm(join(this.#directory, `.${endpoint}`), { force: true });
    await rm(join(this.#directory, endpoint), { force: true });
  }
}
