export { eventLogSuite } from './event-log-suite.ts';

export type { EventLogFactory, EventLogSuiteOptions, LogUnderTest } from './event-log-suite.ts';
export type { TestFunction } from '../in-lab.ts';
