import { type ProcessTable, ShiplogError } from '@shiplog/contracts';
import { runCommand } from './run-command.ts';

/** Those of `pids` that still live, as ps(1) shows them. Its answer must have a PID column. */
export async function listProcesses(pids: readonly number[], psArgs: string): Promise<ProcessTable> {
  const words = psArgs.trim() === '' ? ['-ef'] : psArgs.trim().split(/\s+/);
  const { code, stdout, stderr } = await runCommand('ps', words);
  if (code !== 0) throw new ShiplogError('REQUEST_INVALID', `ps ${words.join(' ')}: ${stderr.trim()}`, { psArgs });
  const [head = '', ...lines] = stdout.trimEnd().split('\n');
  const titles = head.trim().split(/\s+/);
  const column = titles.indexOf('PID');
  if (column < 0) throw new ShiplogError('REQUEST_INVALID', "Couldn't find PID field in ps output", { psArgs });
  const wanted = new Set(pids);
  const processes = lines
    .map((line) => {
      const cells = line.trim().split(/\s+/);
      // The last column is the command, with its spaces.
      return [...cells.slice(0, titles.length - 1), cells.slice(titles.length - 1).join(' ')];
    })
    .filter((row) => wanted.has(Number(row[column])));
  return { titles, processes };
}
