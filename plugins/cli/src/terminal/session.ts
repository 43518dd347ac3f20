import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type Hijacked, outputOf } from '@shiplog/client';
import { UsageError } from '../cli-error.ts';
import type { Context, Input } from '../context.ts';
import { DEFAULT_DETACH_KEYS, DetachScanner, parseDetachKeys } from './detach-keys.ts';
import { enterRawMode } from './raw-mode.ts';
import { followSize, type Resize } from './resize.ts';

/** Milliseconds the engine has to end the stream after the detach keys. */
const DETACH_GRACE = 500;

export interface SessionOptions {
  /** The process has a terminal. */
  readonly tty: boolean;
  /** What we read goes to the process. */
  readonly stdin: boolean;
  readonly detachKeys: string | undefined;
  readonly resize: Resize;
}

/**
 * Connects our terminal or pipes with a process, until its output ends or the user detaches. The end of our input closes the
 * process's stdin, and its output still comes. Our terminal is as before when this returns or throws.
 */
export async function runSession(context: Context, hijacked: Hijacked, options: SessionOptions): Promise<'ended' | 'detached'> {
  const { socket } = hijacked;
  const detached = Promise.withResolvers<'detached'>();
  const keys = parseDetachKeys(options.detachKeys ?? DEFAULT_DETACH_KEYS);
  const scanner = options.tty ? new DetachScanner(keys) : undefined;
  // The engine looks for the same keys. They tell it that we leave; a mere end of the connection could be the end of input.
  const detach = (): void => {
    socket.write(Uint8Array.from(keys));
    detached.resolve('detached');
  };
  const leaveRawMode = options.tty && options.stdin ? enterRawMode(context.stdin) : () => undefined;
  const stopSize = options.tty ? followSize(context, options.resize) : () => undefined;
  const stopInput = options.stdin ? pumpInput(context.stdin, socket, scanner, detach) : () => undefined;
  try {
    const output = pumpOutput(context, hijacked);
    const end = await Promise.race([output, detached.promise]);
    if (end === 'detached') await Promise.race([output, delay(DETACH_GRACE)]);
    return end;
  } finally {
    stopInput();
    stopSize();
    leaveRawMode();
    socket.destroy();
  }
}

/** Refuses `-t` with input that is no terminal: raw mode and resizing would be impossible. */
export function checkTerminal({ stdin }: Context, tty: boolean, attachStdin: boolean): void {
  if (tty && attachStdin && stdin.isTTY !== true) {
    throw new UsageError('the input is no terminal', 'leave -t out: with a pipe or file as input -i is enough');
  }
}

/** Size of our terminal for a request; undefined where there is none. */
export function consoleSize({ stdout }: Context): [number, number] | undefined {
  return stdout.isTTY === true ? [stdout.rows ?? 0, stdout.columns ?? 0] : undefined;
}

async function pumpOutput(context: Context, { socket, multiplexed }: Hijacked): Promise<'ended'> {
  for await (const { stream, data } of outputOf(socket, multiplexed)) await writeTo(stream === 1 ? context.stdout : context.stderr, data);
  return 'ended';
}

/** Writes, and waits for a slow reader. */
export async function writeTo(stream: Writable, data: Uint8Array): Promise<void> {
  if (!stream.write(data)) await once(stream, 'drain');
}

function pumpInput(stdin: Input, socket: Writable, scanner: DetachScanner | undefined, onDetach: () => void): () => void {
  const resume = (): void => void stdin.resume();
  const data = (chunk: Uint8Array): void => {
    const { pass, detached } = scanner?.feed(chunk) ?? { pass: chunk, detached: false };
    if (pass.length > 0 && !socket.write(pass)) {
      stdin.pause();
      socket.once('drain', resume);
    }
    if (detached) onDetach();
  };
  const end = (): void => {
    socket.end(scanner?.rest());
  };
  // A process that ended while we still wrote is no error of ours: its exit code tells.
  const broken = (): void => stop();
  const stop = (): void => {
    stdin.off('data', data);
    stdin.off('end', end);
    stdin.pause();
  };
  stdin.on('data', data);
  stdin.once('end', end);
  socket.on('error', broken);
  return stop;
}
