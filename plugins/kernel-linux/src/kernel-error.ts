import { constants } from 'node:os';
import type { ErrorCode, ErrorRecord } from '@shiplog/contracts';

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** Numbers node does not name, or has two names for; asm-generic/errno.h, the same on x86-64 and arm64. */
const MORE_NAMES: ReadonlyMap<number, string> = new Map([
  [11, 'EAGAIN'],
  [61, 'ENODATA'],
  [78, 'EREMCHG'],
  [85, 'ERESTART'],
  [93, 'EPROTONOSUPPORT'],
  [94, 'ESOCKTNOSUPPORT'],
  [117, 'EUCLEAN'],
]);

/** The name of an error number, such as `EBUSY`; `E<number>` if it has none here. */
export function errnoName(errno: number): string {
  return MORE_NAMES.get(errno) ?? NAMES.get(errno) ?? `E${errno}`;
}

/** Plain facts of an error; what is undefined is left out. */
export type Facts = { readonly [fact: string]: string | number | boolean | undefined };

/**
 * An error on the kernel's side of the port, in a kernel thread or here. It becomes the ShiplogError it describes where
 * it leaves this package (see report.ts); a kernel thread so has no need of the contracts' code, which would double its
 * start-up time.
 */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, message: string, facts: Facts = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }

  /** This error as data that crosses a thread. */
  toRecord(): ErrorRecord {
    const facts = Object.entries(this.facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    return { code: this.code, message: this.message, facts: Object.fromEntries(facts) };
  }
}

/** The error of a refused kernel call: KERNEL_CALL_FAILED, or DISK_FULL where space or quota ran out. */
export function kernelError(call: string, errno: string, facts: Facts = {}): Refusal {
  const shown = Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  return new Refusal(
    full ? 'DISK_FULL' : 'KERNEL_CALL_FAILED',
    `${full ? 'no space left on device: ' : ''}${call} failed with ${errno}${shown === '' ? '' : `: ${shown}`}`,
    { call, errno, ...facts },
  );
}

/** The errno an error carries, '' if none. */
export function errnoOf(error: unknown): string {
  if (error instanceof Refusal) return typeof error.facts.errno === 'string' ? error.facts.errno : '';
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** Any error as a refusal: one of node:fs becomes the kernel error it stands for. */
export function refusalOf(error: unknown, facts: Facts = {}): Refusal {
  if (error instanceof Refusal) return error;
  const { code, syscall, path, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  if (code === undefined || syscall === undefined) return new Refusal('INTERNAL', message, facts, { cause: error });
  return kernelError(syscall, code, path === undefined ? facts : { path, ...facts });
}
