import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepairSource } from '@shiplog/event-log';
import { CliError } from './cli-error.ts';

/** What is at `path`: tiles (they have a checkpoint), another copy of the log, or an export. Throws CliError where there is nothing. */
export async function repairSource(path: string): Promise<RepairSource> {
  if (!(await exists(path))) throw new CliError(`${path} does not exist; say where an export or a copy of the log is`);
  if (await exists(join(path, 'checkpoint'))) return tiles(path);
  const { sourceAt } = await import('@shiplog/event-log');
  return sourceAt(path);
}

async function tiles(path: string): Promise<RepairSource> {
  const { readData, TlogDirectory } = await import('@shiplog/tlog-directory');
  const directory = new TlogDirectory(path);
  return {
    async events(ranges) {
      const texts = new Map<number, string>();
      for (const { from, to } of ranges)
        for (const [seq, data] of await readData(directory, from, to)) texts.set(seq, data.toString('utf8'));
      return texts;
    },
    boundaryParts: async () => [],
  };
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
