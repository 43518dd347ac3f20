export { reenact } from './reenact.ts';

export type { Reenacted, ReenactOptions, Withheld } from './reenact.ts';
