/**
 * Version of what `evolve` makes of a log. It is raised whenever the same events lead to another state than before: what was derived by an
 * earlier version is discarded then, and made again. `projection-version.test.ts` tells when that was forgotten.
 */
export const PROJECTION_VERSION = 2;
