export { appendUntilKilled } from './append-until-killed.ts';
export { eventLogCrashSuite } from './crash-suite.ts';
export { eventLogSuite } from './event-log-suite.ts';
export { pruneUntilKilled } from './prune-until-killed.ts';

export type { EventLogCrashSuite, KillableLog } from './crash-suite.ts';
export type { EventLogAbilities, EventLogFactory, EventLogSuiteOptions, LogUnderTest } from './event-log-suite.ts';
export type { TestFunction } from '../in-lab.ts';
