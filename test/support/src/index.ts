export { btrfsImage } from './btrfs-image.ts';
export { busyboxArchive } from './busybox-image.ts';
export { checksCanFail } from './checks-can-fail.ts';
export { run } from './command.ts';
export { TestDaemon } from './daemon.ts';
export { hostTraces } from './host-traces.ts';
export { silentLogger } from './silent-logger.ts';
export { temporaryDirectory } from './temporary-directory.ts';

export type { WrongDriver } from './checks-can-fail.ts';
export type { TemporaryDirectory } from './temporary-directory.ts';
export type { Ran } from './command.ts';
