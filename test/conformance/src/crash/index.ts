export { crashSuite } from './crash-suite.ts';
export { instancesOf, treeOf } from './stage.ts';

export type { CrashSuite } from './crash-suite.ts';
export type { Call, Factory, Stage } from './stage.ts';
