export { runtimeCrashSuite } from './crash.ts';
export { runtimeFixture } from './fixture.ts';
export { runtimeSuite } from './runtime-suite.ts';
export { lackOfBusybox } from './static-busybox.ts';

export type { RuntimeAbilities, RuntimeCrashSuite } from './crash.ts';
export type { RuntimeFactory, RuntimeFixture, RuntimeOfPlugin } from './fixture.ts';
export type { Call, Killed } from './kill-after.ts';
export type { RuntimeSuite } from './runtime-suite.ts';
export type { TestFunction } from '../in-lab.ts';
export type { SpecOptions } from './spec.ts';
