export { reenact } from './reenact.ts';

export type { Disk } from './disk-meter.ts';
export type { Reenacted, ReenactOptions, Withheld } from './reenact.ts';
