import { fileURLToPath } from 'node:url';

/** Where the keys of answers are kept. */
export const TABLE = fileURLToPath(new URL('../../answer-keys.json', import.meta.url));
