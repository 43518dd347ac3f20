import type { Text } from './verb.ts';

/** The option that leads into the past. The engine reads the moment: it has the clock and the log. */
export const AT: Text = { type: 'text', value: 'MOMENT', help: 'As it was: a position, a time, or a duration ago (10m)' };
