export { toCloudEvent } from './cloudevents.ts';
export { COLUMNS } from './columns.ts';
export { csvLine } from './csv.ts';
export { FORMATS, formatNamed } from './formats.ts';
export { OCSF_VERSION, toOcsf } from './ocsf.ts';
export { toLogRecord } from './otel.ts';

export type { Column } from './columns.ts';
export type { Format } from './format.ts';
