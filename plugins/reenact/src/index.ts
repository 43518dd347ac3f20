export { reenact } from './reenact.ts';
export { replayOperation } from './replay-operation.ts';

export type { CallEnd, ComparedCall } from './compare-calls.ts';
export type { Disk } from './disk-meter.ts';
export type { Reenacted, ReenactOptions, Withheld } from './reenact.ts';
export type { ReplayedOperation, ReplayOperationOptions } from './replay-operation.ts';
