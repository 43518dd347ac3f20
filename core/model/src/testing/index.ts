export { syntheticLog } from './synthetic-log.ts';

export type { SyntheticAppend } from './synthetic-host.ts';
export type { SyntheticLogOptions } from './synthetic-log.ts';
