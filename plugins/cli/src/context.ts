import type { Readable, Writable } from 'node:stream';
import type { Client } from '@shiplog/client';
import type { Colors } from 'picocolors/types.js';

export type Input = Readable & { readonly isTTY?: boolean; setRawMode?(mode: boolean): unknown; unref?(): unknown };
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** Where signals come from: the process, or a double. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/** Everything a verb touches. */
export interface Context {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: { readonly [name: string]: string | undefined };
  readonly signals: SignalSource;
  /** Colours for stdout; without effect where it is no terminal. */
  readonly colors: Colors;
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** The engine's client, loaded on first use: help and completion need none. */
  client(): Promise<Client>;
}

/** Writes one line to stdout. */
export function print(context: Context, line: string): void {
  context.stdout.write(`${line}\n`);
}

/** Writes one line to stderr. */
export function note(context: Context, line: string): void {
  context.stderr.write(`${line}\n`);
}
