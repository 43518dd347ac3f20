import type { Logger } from '@shiplog/driver-kit';
import { redact, type SecretRules } from '@shiplog/engine';

/** A logger whose lines have no secrets that the rules find: neither in messages nor in facts, at any depth. */
export function redactingLogger(logger: Logger, rules: SecretRules): Logger {
  const at =
    (level: keyof Logger) =>
    (message: string, facts?: { readonly [fact: string]: unknown }): void =>
      logger[level](redact(message, rules), facts === undefined ? undefined : (clean(facts, rules) as typeof facts));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function clean(value: unknown, rules: SecretRules): unknown {
  if (typeof value === 'string') return redact(value, rules);
  if (value instanceof Error) return redact(value.stack ?? value.message, rules);
  if (Array.isArray(value)) return value.map((one) => clean(one, rules));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([fact, inner]) => [fact, clean(inner, rules)]));
}
