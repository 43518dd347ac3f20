import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelLog } from '@shiplog/event-log';
import { BOOT } from './simulated-engine.ts';

/** Writes the text of every event that a workload appended to `directory/reference`, a line each; answers with their number. */
export async function writeReference(directory: string): Promise<number> {
  const log = await openLevelLog({ directory: join(directory, 'work', 'log'), boot: BOOT, inst: 'reference' });
  const lines: string[] = [];
  try {
    for await (const event of log.read()) lines.push(`${JSON.stringify(event)}\n`);
  } finally {
    await log.close();
  }
  await writeFile(join(directory, 'reference'), lines.join(''));
  return lines.length;
}
