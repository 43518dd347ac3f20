import { ShiplogError } from '@shiplog/contracts';
import { redact } from './redact.ts';
import type { SecretRules } from './rules.ts';
import { mapStrings, withoutValues } from './secrets.ts';

/** An error as it may enter the log and be told: without `values`, and without what the rules find. The same one where there is nothing to hide. */
export function scrubbed(error: ShiplogError, values: readonly string[], rules: SecretRules): ShiplogError {
  const clean = (text: string): string => redact(withoutValues(text, values), rules);
  const record = error.toRecord();
  const facts = mapStrings(record.facts ?? {}, clean);
  const message = clean(record.message);
  if (message === record.message && JSON.stringify(facts) === JSON.stringify(record.facts ?? {})) return error;
  // Without its cause, whose text would say it again.
  return new ShiplogError(error.code, message, facts);
}
