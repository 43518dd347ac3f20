import { type ExecRecord, ShiplogError } from '@shiplog/contracts';
import { findByPrefix } from './find-by-prefix.ts';

/** The exec session with this id or unique id prefix. Throws EXEC_NOT_FOUND or REFERENCE_AMBIGUOUS. */
export function findExec(execs: ReadonlyMap<string, ExecRecord>, ref: string): ExecRecord {
  const found = execs.get(ref) ?? findByPrefix(execs, ref);
  if (found === undefined) throw new ShiplogError('EXEC_NOT_FOUND', `No such exec instance: ${ref}`, { exec: ref });
  return found;
}
