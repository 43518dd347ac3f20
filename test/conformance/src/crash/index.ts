export { crashSuite } from './crash-suite.ts';
export { KERNEL_CALLS } from './kernel.ts';
export { deathOf, dieDoing, interceptAll } from './last-calls.ts';
export { instancesOf, treeOf } from './stage.ts';

export type { CrashSuite } from './crash-suite.ts';
export type { CallKind } from './kernel.ts';
export type { LastWords } from './last-calls.ts';
export type { Call } from './call.ts';
export type { Factory, Stage } from './stage.ts';
