import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** When a writer dies: after so many bytes of acknowledgements, or so many milliseconds after its start. */
export type Death = { readonly bytes: number } | { readonly ms: number };

/** Runs a writer, kills it, and answers with what it printed. */
export async function killed([program = '', ...args]: readonly string[], death: Death): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    printed += text;
    if ('bytes' in death && printed.length > death.bytes) child.kill('SIGKILL');
  });
  const timer = 'ms' in death ? setTimeout(() => child.kill('SIGKILL'), death.ms) : undefined;
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  assert.equal(code, null, 'the writer ended by itself');
  return printed;
}
