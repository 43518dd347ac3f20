export { checkDirectory } from './check-directory.ts';
export { mirror } from './mirror.ts';
export { readData } from './read-data.ts';
export { TlogDirectory } from './tlog-directory.ts';

export type { Mirrored, TlogSource } from './mirror.ts';
