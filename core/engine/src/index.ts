export { startEngine } from './start-engine.ts';
export { stateAt } from './moment.ts';

export type { RunningEngine } from './start-engine.ts';
export type * from './ports.ts';
