import { CliError } from './cli-error.ts';

/** What reading something comes to, or a CliError that says what could not be read. */
export async function readOrFail<T>(what: string, reading: Promise<T>, hint?: string): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`cannot read ${what}: ${reason}`, { cause, ...(hint === undefined ? {} : { hint }) });
  }
}
