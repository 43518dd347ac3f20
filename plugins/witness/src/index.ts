export { Witness } from './witness.ts';

export type { WitnessOptions } from './witness.ts';
