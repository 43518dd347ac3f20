import type { Filters } from '@shiplog/client';
import { UsageError } from './cli-error.ts';
import type { List } from './verb.ts';

/** `-f key=value` of every list. */
export const FILTER: List = { type: 'list', short: 'f', value: 'KEY=VALUE', help: 'Only what fits; values of one key are alternatives' };

/** Filters by key. Throws UsageError for one without `=`. */
export function parseFilters(texts: readonly string[]): Filters {
  const filters: Record<string, string[]> = {};
  for (const text of texts) {
    const equals = text.indexOf('=');
    if (equals < 1) throw new UsageError(`--filter "${text}" cannot be read`, 'give KEY=VALUE, such as status=running or label=app=web');
    (filters[text.slice(0, equals).toLowerCase()] ??= []).push(text.slice(equals + 1));
  }
  return filters;
}
