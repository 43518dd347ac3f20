import type { IoChannel } from '@shiplog/contracts';
import { DetachScanner } from './detach-keys.ts';
import { frame } from './frame.ts';
import type { RawStream } from './raw-stream.ts';

export interface PumpOptions {
  /** Detach keys are looked for in what comes. */
  readonly tty: boolean;
  /** Output comes in frames that name its stream. */
  readonly framed: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Keys that leave a terminal. */
  readonly detachKeys: readonly number[];
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal;
}

/**
 * Carries bytes between a client and a process until the process's output ends, the client detaches, or the client is
 * gone; answers whether it detached. The end of the client's input is passed on and does not end the output. Leaves the stream open for last words.
 */
export async function pump(channel: IoChannel, client: RawStream, options: PumpOptions): Promise<'detached' | undefined> {
  try {
    return await Promise.race([pumpOutput(channel, client, options), detached(channel, client, options), aborted(options.gone)]);
  } finally {
    channel.close();
  }
}

async function pumpOutput(channel: IoChannel, client: RawStream, options: PumpOptions): Promise<undefined> {
  for await (const { stream, data } of channel.output) {
    if (stream === 1 ? !options.stdout : !options.stderr) continue;
    await client.write(options.framed ? frame(stream, data) : data);
  }
}

/** Carries input; resolves when the client detaches, and never when its input merely ends. */
async function detached(channel: IoChannel, client: RawStream, options: PumpOptions): Promise<'detached'> {
  const how = await pumpInput(channel, client, options);
  return how === 'ended' ? new Promise<never>(() => undefined) : how;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function pumpInput(channel: IoChannel, client: RawStream, options: PumpOptions): Promise<'ended' | 'detached'> {
  const scanner = options.tty ? new DetachScanner(options.detachKeys) : undefined;
  try {
    for await (const data of client.input) {
      // Input that nobody asked for is read and dropped, so that the end of the connection is noticed.
      if (!options.stdin) continue;
      const scanned = scanner === undefined ? { pass: data, detached: false } : scanner.scan(data);
      if (scanned.pass.length > 0) await channel.write(scanned.pass);
      if (scanned.detached) return 'detached';
    }
  } catch (error) {
    // A connection that breaks is a client that left; anything else is a fault to report.
    if (!options.gone.aborted && !isDisconnect(error)) throw error;
  }
  if (options.stdin) channel.endInput();
  return 'ended';
}

function isDisconnect(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_DESTROYED';
}
