export { familiar, parseReference } from './reference.ts';

export type { Reference } from './reference.ts';
