import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { DriverFamilies, Kernel, VerbKind } from '@shiplog/contracts';
import { ask } from './ask.ts';
import { interceptFileSystem } from './file-system.ts';
import { interceptKernel } from './kernel.ts';
import { Lifetime } from './lifetime.ts';
import { interceptPrograms } from './programs.ts';
import { interceptRequests } from './requests.ts';
import type { Call } from './call.ts';
import type { Death } from './stage.ts';
import { StepRecords } from './step-records.ts';

/** What a process does before it dies, in its last call. */
export interface LastCalls {
  readonly before: readonly Call[];
  readonly call: Call;
  /** The effect before which it dies; absent when it answers first. */
  readonly last?: number;
}

/** What a process says of what it did, just before it dies. */
export interface LastWords {
  readonly hasAnswered: boolean;
  /** What it did, or died before, in order. */
  readonly effects: readonly string[];
  readonly records: ReturnType<StepRecords['toJSON']>;
}

/** Puts what modules that are imported from now on do on the host, and through `kernel`, into the hands of the {@link Lifetime} it is done in. */
export function interceptAll(kernel: Kernel): void {
  for (const intercept of [interceptFileSystem, interceptRequests, interceptPrograms]) intercept();
  interceptKernel(kernel);
}

/**
 * Does `work`, and ends this process by SIGKILL at its effect `last`, or when it is done. Its last words, on stdout, are for {@link deathOf}. What is to
 * be counted was intercepted before ({@link interceptAll}).
 */
export async function dieDoing(last: number | undefined, work: (records: StepRecords) => Promise<unknown>): Promise<void> {
  const life = new Lifetime(last);
  const records = new StepRecords(life);
  await life.live(() => work(records));
  const words: LastWords = { hasAnswered: life.hasAnswered, effects: life.effects, records: records.toJSON() };
  writeSync(1, `${JSON.stringify(words)}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** Makes the calls in this process, and ends it by SIGKILL as they say. Its last words are for {@link dieApart}. */
export async function dieHere<K extends VerbKind>(
  make: () => Promise<DriverFamilies[K]>,
  kernel: Kernel,
  { before, call, last }: LastCalls,
): Promise<void> {
  interceptAll(kernel);
  const driver = await make();
  for (const one of before) await ask(driver, one);
  await dieDoing(last, (records) => ask(driver, call, records));
}

/** Runs a program, with the calls as its last word, that hands them to {@link dieHere}. Rejects when it ends otherwise, and says why. */
export async function dieApart(words: readonly string[], calls: LastCalls): Promise<Death> {
  const { hasAnswered, effects, records } = await deathOf([...words, JSON.stringify(calls)], calls.call.verb);
  return { hasAnswered, effects, records: StepRecords.of(records) };
}

/** Runs a program that ends by {@link dieDoing}. Rejects when it ends otherwise, and says why; `what` it was to die in is for that. */
export async function deathOf([program = '', ...words]: readonly string[], what: string): Promise<LastWords> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, complained] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complained += text));
  // Not `close`: what it began may hold its pipes for long.
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal === 'SIGKILL')
    for (let tries = 0; !said.endsWith('\n') && tries < 1000; tries += 1) await new Promise((wait) => setTimeout(wait, 5));
  child.stdout.destroy();
  child.stderr.destroy();
  if (signal !== 'SIGKILL') throw new Error(`the process that was to die in ${what} ended with ${code ?? signal}: ${complained}`);
  return JSON.parse(said) as LastWords;
}
