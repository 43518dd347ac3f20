export { logSuite } from './log-suite.ts';

export type { LogFactory, LogFixture, Received } from './lab.ts';
export type { LogSuite, TestFunction } from './log-suite.ts';
