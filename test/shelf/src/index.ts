export { wordsOf } from './results.ts';
export { COLUMNS, tableOf } from './table.ts';

export type { Results, Row } from './results.ts';
