import { spawn } from 'node:child_process';
import type { RuntimeDriver } from '@shiplog/contracts';
import { createContext } from '@shiplog/contracts';

/** A call of a verb that another process makes. */
export interface Call {
  readonly verb: 'create' | 'start' | 'remove';
  readonly args: object;
}

/** What became of a call whose process was killed. */
export interface Killed {
  /** True when the call had ended before. */
  readonly ended: boolean;
  /** Milliseconds from the call to its end, or to the kill. */
  readonly lasted: number;
}

/**
 * Runs `command` with the call as its last word, and kills it -9 `after` milliseconds from the moment it makes the call;
 * without `after`, when the call has ended. The program is to hand the word to {@link makeCall}. Rejects when the call fails,
 * or the program ends by itself.
 */
export function killAfter(command: readonly string[], call: Call, after?: number): Promise<Killed> {
  const [program = '', ...words] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words, JSON.stringify(call)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    let [begun, lasted] = [0, 0];
    const kill = (): void => void child.kill('SIGKILL');
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (begun === 0 && said.includes('begin\n')) {
        begun = performance.now();
        if (after !== undefined) setTimeout(kill, after);
      }
      if (lasted === 0 && said.includes('end\n')) {
        lasted = performance.now() - begun;
        if (after === undefined) kill();
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`the process that calls ${call.verb} ended by itself, with ${code}: ${said}`));
      resolve({ ended: lasted !== 0, lasted: lasted === 0 ? performance.now() - begun : lasted });
    });
  });
}

/** Makes the call in this process, tells on stdout when it begins and ends, and then waits to be killed. */
export async function makeCall(driver: RuntimeDriver, word: string): Promise<void> {
  const { verb, args } = JSON.parse(word) as Call;
  const ctx = createContext({ op: 'killed', signal: new AbortController().signal });
  process.stdout.write('begin\n');
  if (verb === 'create') await driver.create(args as Parameters<RuntimeDriver['create']>[0], ctx);
  else await driver[verb](args as { readonly id: string }, ctx);
  process.stdout.write('end\n');
  setInterval(() => undefined, 1 << 30);
}
