export { logCrashSuite } from './crash.ts';
export { driverFixture } from './driver-fixture.ts';
export { logSuite } from './log-suite.ts';

export type { LogCrashSuite, LogHost } from './crash.ts';

export type { LogFactory, LogFixture, Received } from './lab.ts';
export type { LogSuite } from './log-suite.ts';
export type { TestFunction } from '../in-lab.ts';
