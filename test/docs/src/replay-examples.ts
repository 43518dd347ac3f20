import { run } from '@shiplog/test-support';
import { join } from 'node:path';
import { fenced } from './markdown.ts';
import { TOP } from './repository.ts';

/** Where `golden.jsonl.gz` of the examples is. */
const LOG = join(TOP, 'test/replay/golden/0.2.0/events.jsonl.gz');

/** What `shiplog` prints for `arguments_`, in which `golden.jsonl.gz` is the golden log; but for how long it took. */
export async function replayExample(arguments_: string): Promise<string> {
  const words = arguments_.split(' ').map((word) => (word === 'golden.jsonl.gz' ? LOG : word));
  const { code, stdout, stderr } = await run(join(TOP, 'node_modules/.bin/shiplog'), words);
  if (code !== 0) throw new Error(`shiplog ${arguments_} ended with ${code}: ${stderr}`);
  const lines = stdout.split('\n').filter((line) => !line.startsWith('simulated in '));
  return fenced(`$ shiplog ${arguments_}\n${lines.join('\n').trimEnd()}`, 'console');
}
