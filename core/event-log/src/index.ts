export { canonicalJson } from './canonical-json.ts';
export { openEventLog } from './event-log.ts';
export { exportLines } from './export-lines.ts';
export { openLevelLog, repairLevelLog, verifyLevelLog } from './level-log.ts';
export { MemorySnapshots } from './memory-snapshots.ts';
export { sourceAt } from './repair-source.ts';
export { ulidSource } from './ulid.ts';
export { verifyEventLog } from './verify.ts';

export type { LogDatabase } from './database.ts';
export type { EventLogOptions, Witness } from './event-log.ts';
export type { LevelLogOptions } from './level-log.ts';
export type { Mark } from './mark.ts';
export type { Repair } from './repair.ts';
export type { Range, RepairSource } from './repair-source.ts';
export type { CheckOptions } from './verify.ts';
