import { concealText } from './conceal.ts';
import { DEFAULT_RULES, type SecretRules } from './rules.ts';

/** A text for people (a log line, an error, a filter) without the secrets that the rules find in it. */
export function redact(text: string, rules: SecretRules = DEFAULT_RULES): string {
  return concealText(text, rules, () => '[redacted]');
}
