import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import type { EventLog } from '@shiplog/contracts';
import { Ledger } from '@shiplog/engine';
import { openLevelLog } from '@shiplog/event-log';
import { syntheticLog } from '@shiplog/model/testing';
import { temporary } from '../directory.ts';

/** Events of one value of the raw copy, as in the log's segments. */
const PACK = 32;
/** Appends under way at once while the log is made. */
const AHEAD = 256;

const silent = { debug: () => undefined, info: () => undefined, warn: tell, error: tell };

function tell(message: string, facts?: object): void {
  process.stderr.write(`${message} ${JSON.stringify(facts)}\n`);
}

/** An open log with its ledger, and what opening each took, ms. */
export interface Opened {
  readonly log: EventLog;
  readonly ledger: Ledger;
  readonly took: { readonly log: number; readonly state: number };
}

export async function openRecorded(directory: string): Promise<Opened> {
  const began = performance.now();
  const log = await openLevelLog({ directory: join(directory, 'log'), boot: 'boot-1', inst: 'inst-1' });
  const opened = performance.now();
  const ledger = await Ledger.open(log, silent);
  return { log, ledger, took: { log: opened - began, state: performance.now() - opened } };
}

/** A synthetic log on disk with the snapshots an engine would have made, and beside it the same events as bare JSON in LevelDB. */
export class RecordedLog {
  readonly #directory: string;
  readonly raw: ClassicLevel<string, Buffer>;

  private constructor(directory: string) {
    this.#directory = directory;
    this.raw = new ClassicLevel(join(directory, 'raw'), { valueEncoding: 'buffer', writeBufferSize: 16 * 1024 * 1024 });
  }

  static async make(events: number, containers: number): Promise<RecordedLog> {
    const made = new RecordedLog(await temporary('time'));
    await made.raw.open();
    const { log, ledger } = await made.open();
    let pack: string[] = [];
    let key = 0;
    let appends = 0;
    const flush = async (): Promise<void> => {
      await made.raw.put(String((key += 1)).padStart(10, '0'), Buffer.from(`[${pack.join(',')}]`));
      pack = [];
    };
    for (const { request } of syntheticLog(events, { containers })) {
      const admitted = ledger.append(request);
      admitted.durable.catch(() => undefined);
      for (const event of admitted.events) pack.push(JSON.stringify(event));
      if (pack.length >= PACK) await flush();
      if ((appends += 1) % AHEAD > 0) continue;
      await admitted.durable;
      // An engine has time for each of its snapshots.
      await ledger.settled();
    }
    await flush();
    await log.flushed();
    await ledger.settled();
    await log.close();
    return made;
  }

  open(): Promise<Opened> {
    return openRecorded(this.#directory);
  }

  /** Asks it of its past in another process, which prints what that takes. It must not be open. `options`: for Node. */
  async look(options: readonly string[], rounds: number): Promise<void> {
    const script = fileURLToPath(new URL('look.js', import.meta.url));
    const child = spawn(process.execPath, [...options, script, this.#directory, String(rounds)], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`looking at the past ended with ${code}`);
  }

  /** Bytes on disk of the log, and of the snapshots beside it. */
  async bytes(): Promise<{ readonly log: number; readonly snapshots: number }> {
    return { log: await sizeOf(join(this.#directory, 'log/db')), snapshots: await sizeOf(join(this.#directory, 'log/snapshots')) };
  }

  async done(): Promise<void> {
    await this.raw.close();
    await rm(this.#directory, { recursive: true });
  }
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
