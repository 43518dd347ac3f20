import { ShiplogError } from '@shiplog/contracts';

/** What LevelDB says, as strerror(3) has it, of what is the host's fault and not the database's. */
const FAULTS = [
  ['No space left on device', 'DISK_FULL'],
  ['Disk quota exceeded', 'DISK_FULL'],
  ['Read-only file system', 'HOST_UNSUITABLE'],
  ['Permission denied', 'HOST_UNSUITABLE'],
  ['Operation not permitted', 'HOST_UNSUITABLE'],
  ['Too many open files', 'HOST_UNSUITABLE'],
  ['Cannot allocate memory', 'HOST_UNSUITABLE'],
] as const;

/** Why a database of LevelDB's did not open, where that says nothing of what is in it: ENGINE_LOCKED, DISK_FULL or HOST_UNSUITABLE. */
export function hostFault(path: string, error: unknown): ShiplogError | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return undefined;
  if ('code' in cause && cause.code === 'LEVEL_LOCKED')
    return new ShiplogError('ENGINE_LOCKED', `another process has the log at ${path} open`, { path }, { cause: error });
  const fault = FAULTS.find(([text]) => cause.message.endsWith(text));
  if (fault === undefined) return undefined;
  const [text, code] = fault;
  return new ShiplogError(code, `${text.toLowerCase()}: the log at ${path} does not open, and is as it was`, { path }, { cause: error });
}
