import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ran, RunCall, SpawnPipe } from '@shiplog/contracts';
import { libc } from './libc.ts';
import { startChild } from './posix-spawn.ts';

const LOCK_SH_NB = 1 | 4;
/** Bytes of each stream that are kept. */
const KEPT = 1 << 20;
/** How often a child's end is looked for while its output is open, and once it is closed; milliseconds. */
const OPEN_LOOK = 100;
const CLOSED_LOOK = 1;
/** Milliseconds that output may stay open when its program has ended: something it started has it too. */
const LEFT_OPEN = 1000;

/** Runs a program to its end; see `ProcessCalls.run`. */
export async function runProgram({ input, holds, signal, ...call }: RunCall): Promise<Ran> {
  const stdin = libc.memoryFile('stdin');
  try {
    // Written at a position: the program reads from the beginning, for the descriptor's offset is one.
    writeSync(stdin, input, 0);
    const held = holds === undefined ? undefined : await open(holds, 'a+', 0o600);
    try {
      if (held !== undefined) libc.flock(held.fd, LOCK_SH_NB, holds ?? '');
      return await finish(call, [stdin, 'pipe', 'pipe', ...(held === undefined ? [] : [held.fd])], signal);
    } finally {
      await held?.close();
    }
  } finally {
    libc.close(stdin);
  }
}

async function finish(call: Omit<RunCall, 'input'>, files: readonly ('pipe' | number)[], signal: AbortSignal | undefined): Promise<Ran> {
  const { pid, pipes } = await startChild({ ...call, files });
  // It leads a session, and so a group. It is no other's number before its end was asked for.
  const end = (): void => void process.kill(-pid, 'SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  const [, out, errors] = pipes;
  const streams = Promise.all([out, errors].map(textOf));
  let isClosed = false;
  const closed = streams.then(() => {
    isClosed = true;
  });
  try {
    for (;;) {
      const code = libc.endOf(pid);
      if (code === undefined) {
        await (isClosed ? sleep(CLOSED_LOOK) : Promise.race([closed, sleep(OPEN_LOOK)]));
        continue;
      }
      signal?.removeEventListener('abort', end);
      await Promise.race([closed, sleep(LEFT_OPEN)]);
      const [stdout = '', stderr = ''] = isClosed ? await streams : [];
      return { code, stdout, stderr };
    }
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

async function textOf(pipe: SpawnPipe | undefined): Promise<string> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of pipe ?? []) {
    if (bytes < KEPT) kept.push(part.subarray(0, KEPT - bytes));
    bytes += part.length;
  }
  return Buffer.concat(kept).toString();
}
