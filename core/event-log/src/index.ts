export { canonicalJson } from './append/canonical-json.ts';
export { openEventLog } from './event-log.ts';
export { exportLines } from './read/export-lines.ts';
export { openLevelLog, repairLevelLog, verifyLevelLog } from './disk/level-log.ts';
export { ReaderHold } from './read/hold.ts';
export { MemorySnapshots } from './snapshots/memory-snapshots.ts';
export { sourceAt } from './repair/repair-source.ts';
export { ulidSource } from './append/ulid.ts';
export { verifyEventLog } from './check/verify.ts';

export type { LogDatabase } from './stored/database.ts';
export type { EventLogOptions, Witness } from './event-log.ts';
export type { LevelLogOptions } from './disk/level-log.ts';
export type { Mark } from './stored/mark.ts';
export type { Repair } from './repair/repair.ts';
export type { Range, RepairSource } from './repair/repair-source.ts';
export type { CheckOptions } from './check/verify.ts';
