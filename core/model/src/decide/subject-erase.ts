import { ShiplogError } from '@shiplog/contracts';
import type { Decider } from './verdict.ts';

/** Whether the subject has a key is the vault's to know; erasing one that is gone is harmless. */
export const decideSubjectErase: Decider<'subject.erase'> = (_view, { args }) => {
  const { subject } = args;
  // The text is not repeated: who names a person instead of a pseudonym must not bring the name into the log.
  if (!/^[0-9a-f]{16}$/.test(subject)) throw new ShiplogError('REQUEST_INVALID', 'a subject is erased by its pseudonym, 16 hex digits');
  return { decided: { subject }, expected: 'any' };
};
