import { createInterface } from 'node:readline/promises';
import type { Context } from '../context.ts';

/** Asks on the terminal. Anything but `y` or `yes` is a no, and so is the end of input. */
export async function confirm(context: Context, question: string): Promise<boolean> {
  context.stderr.write(`${question} [y/N] `);
  // Not as a terminal: keys go on meaning what they mean there, ctrl-c too.
  const lines = createInterface({ input: context.stdin, terminal: false });
  try {
    for await (const line of lines) return /^y(?:es)?$/i.test(line.trim());
    context.stderr.write('\n');
    return false;
  } finally {
    lines.close();
  }
}
