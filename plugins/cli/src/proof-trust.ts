import { type KeyKind, parseVerifierKey, TlogError, type Trust, type VerifierKey, verifierOf } from '@shiplog/tlog';
import { CliError, UsageError } from './cli-error.ts';

/** Whom the command line wants to believe. Throws UsageError, naming the flag, for what is no public key of its kind. */
export function trustOf(key: string, witnesses: readonly string[] = []): Trust {
  const log = keyOf('--key', 'note', key);
  return {
    log: [verifierOf(log)],
    origin: log.name,
    witnesses: witnesses.map((each) => verifierOf(keyOf('--witness', 'cosignature', each))),
  };
}

/** Runs a check; what it refuses becomes an error that says what to do. */
export async function checked<T>(what: string, check: () => T | Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new CliError(`${what} proves nothing: ${error.message}`, { hint: HINTS[error.reason], cause: error });
  }
}

const HINTS = {
  malformed: 'it is damaged or was changed; get it again from where it came from',
  mismatch: 'it was changed, or it is of another log; if neither, the log was rewritten',
  missing: 'is it whole, and is it the right key? With --witness, the proof must be made after that witness cosigned',
} as const;

function keyOf(flag: string, kind: KeyKind, text: string): VerifierKey {
  let key: VerifierKey;
  try {
    key = parseVerifierKey(text.trim());
  } catch (error) {
    throw new UsageError(`${flag}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (key.kind !== kind)
    throw new UsageError(`${flag} wants the key of a ${kind === 'note' ? 'log' : 'witness'}, and ${key.name} is the other`);
  return key;
}
