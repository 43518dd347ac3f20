export { eventLogSuite } from './event-log-suite.ts';

export type { EventLogFactory, EventLogSuiteOptions, LogUnderTest, Test } from './event-log-suite.ts';
