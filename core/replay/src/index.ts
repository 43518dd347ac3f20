export { fold, hashOf } from './fold.ts';
export { commandOf, redecide } from './redecide.ts';
export { inOrder, readSource } from './source.ts';

export type { Folded, ReadProgress } from './fold.ts';
export type { Redecided } from './redecide.ts';
export type { Change, Difference } from './redecide/compare.ts';
