export { Deliveries } from './deliveries.ts';
export { FileChanges } from './file-changes.ts';
export { LineJoiner } from './line-joiner.ts';
export {
  ATTRIBUTE_OPTIONS,
  COMMON_LOG_OPTIONS,
  attributesOf,
  bufferLimit,
  checkLogOptions,
  countOption,
  durationOption,
  flagOption,
  sizeOption,
} from './log-options.ts';
export { parseTag } from './log-tag.ts';
export { SendingLog } from './sending-log.ts';
export { parseSpoolLine } from './spool-line.ts';

export type { OutputSink } from './delivery.ts';
export type { OutputRecord } from './line-joiner.ts';
