import { once } from 'node:events';
import type { Context } from './context.ts';

/** Writes texts to stdout as they come, no faster than they are taken: what nobody reads yet stays where it comes from. */
export async function printAll({ stdout }: Pick<Context, 'stdout'>, texts: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const text of texts) if (!stdout.write(text)) await once(stdout, 'drain');
}
