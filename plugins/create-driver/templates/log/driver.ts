import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogDriver, LogReadOptions, LogRecord } from '@shiplog/contracts';
import { checkLogOptions, COMMON_LOG_OPTIONS, Deliveries, type DriverServices, type OutputSink } from '@shiplog/driver-kit';

/** How often a reader that follows looks for more, in milliseconds. */
const LOOK_MS = 50;

/**
 * Keeps the output of each container as JSON, one line a record. `Deliveries` takes lines over from the spool, in the background and again after
 * a crash; say here where they go. Who sends them away instead extends `SendingLog`, and needs no `read`.
 */
export function createDriver({ kernel, logger }: DriverServices): LogDriver & AsyncDisposable {
  const deliveries = new Deliveries(kernel, logger);
  return {
    async check({ options }) {
      checkLogOptions('__NAME__', options, Object.keys(COMMON_LOG_OPTIONS));
      return {};
    },
    async open(args) {
      await deliveries.open(args, { connect: ({ size }) => jsonLines(args.path, size) });
      return {};
    },
    async close({ id }, { signal }) {
      await deliveries.close(id, signal);
      return {};
    },
    async remove(args) {
      await deliveries.remove(args);
      await rm(args.path, { force: true });
      return {};
    },
    observe: () => deliveries.observe(),
    [Symbol.asyncDispose]: () => deliveries.dispose(),

    async *read(options) {
      const { id, path, follow, ended, signal } = options;
      for (let seen = 0; !signal.aborted; await sleep(LOOK_MS)) {
        const last = !follow || ended.aborted;
        await (ended.aborted ? deliveries.close(id, signal) : deliveries.catchUp(id));
        const records = await recordsIn(path);
        const fresh = records.slice(seen).filter((record) => isWanted(record, options));
        yield* seen === 0 && options.tail !== undefined ? fresh.slice(fresh.length - Math.min(options.tail, fresh.length)) : fresh;
        seen = records.length;
        if (last) return;
      }
    },
  };
}

/** The file, cut to the size that was noted with the position in the spool: what came after is written again, so each record is there once. */
async function jsonLines(path: string, noted: number | undefined): Promise<OutputSink> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o640);
  if (noted !== undefined) await file.truncate(noted);
  return {
    async write(records) {
      const lines = records.map(({ data, ...record }) => `${JSON.stringify({ ...record, data: Buffer.from(data).toString('base64') })}\n`);
      await file.appendFile(lines.join(''));
    },
    async sync(durable) {
      if (durable) await file.datasync();
      return { size: (await file.stat()).size };
    },
    close: () => file.close(),
  };
}

async function recordsIn(path: string): Promise<readonly LogRecord[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  // A last line without its end is still being written.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const { data, ...record } = JSON.parse(line);
    return { ...record, data: Buffer.from(data, 'base64') };
  });
}

function isWanted({ stream, time }: LogRecord, { stdout, stderr, since, until }: LogReadOptions): boolean {
  if (!(stream === 'stdout' ? stdout : stderr)) return false;
  return (since === undefined || BigInt(time) >= BigInt(since)) && (until === undefined || BigInt(time) <= BigInt(until));
}
