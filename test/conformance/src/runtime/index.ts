export { runtimeSuite } from './runtime-suite.ts';
export type { RuntimeSuite, TestFunction } from './runtime-suite.ts';
export type { RuntimeFactory, RuntimeFixture, SpecOptions } from './lab.ts';
