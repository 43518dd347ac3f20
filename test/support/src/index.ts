export { silentLogger } from './silent-logger.ts';
export { temporaryDirectory } from './temporary-directory.ts';

export type { TemporaryDirectory } from './temporary-directory.ts';
