import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FilterCall, SpawnPipe } from '@shiplog/contracts';
import { Refusal } from './kernel-error.ts';
import { libc } from './libc.ts';
import { startChild } from './posix-spawn.ts';

/** How often a child's end is looked for once its output is closed; milliseconds. */
const LOOK = 2;
/** Bytes of what it says on stderr that are told. */
const TOLD = 1000;

/** Runs bytes through a program; see `ProcessCalls.filter`. */
export async function* filterProgram({ input, ...call }: FilterCall): AsyncGenerator<Uint8Array, void, undefined> {
  const [far, near] = libc.pipe();
  const stdin = new Socket({ fd: near, readable: false, writable: true });
  const child = await startChild({ ...call, files: [far, 'pipe', 'pipe'] })
    .catch((error: unknown) => {
      stdin.destroy();
      throw error;
    })
    .finally(() => libc.close(far));
  const [, output = none(), errors = none()] = child.pipes;
  let code: number | undefined;
  // It leads a session, and so a group. It is no other's number before its end was asked for.
  const end = (): void => void (code === undefined && process.kill(-child.pid, 'SIGKILL'));
  let fault: { readonly error: unknown } | undefined;
  const source = Readable.from(
    watched(input, (error) => {
      fault = { error };
      end();
    }),
    { objectMode: false },
  );
  // What it does not read any more, it does not need; its code says whether that was right.
  const fed = pipeline(source, stdin).catch(() => undefined);
  const said = textOf(errors);
  try {
    for await (const chunk of output) yield chunk;
    code = await endOf(child.pid);
    if (fault !== undefined) throw fault.error;
    if (code === 0) return;
    const { program } = call;
    const stderr = await said;
    throw new Refusal('KERNEL_CALL_FAILED', `${program} ended with ${code}: ${stderr}`, { call: 'filter', program, code, stderr });
  } finally {
    end();
    source.destroy();
    code ??= await endOf(child.pid);
    await Promise.all([fed, said]);
  }
}

/** Tells errors of `input` from those that are thrown into it, by a stream that is destroyed. */
async function* watched(input: AsyncIterable<Uint8Array>, failed: (error: unknown) => void): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = input[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      return await chunks.next();
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  try {
    for (let step = await next(); step.done !== true; step = await next()) yield step.value;
  } finally {
    await chunks.return?.();
  }
}

async function endOf(pid: number): Promise<number> {
  for (;;) {
    const code = libc.endOf(pid);
    if (code !== undefined) return code;
    await sleep(LOOK);
  }
}

async function textOf(pipe: SpawnPipe): Promise<string> {
  let text = '';
  for await (const part of pipe) if (text.length < TOLD) text += Buffer.from(part).toString();
  return text.slice(0, TOLD).trim();
}

async function* none(): SpawnPipe {}
