import type { FieldChange, ObjectChange, ObjectKind, StateView } from '@shiplog/contracts';

/** What is in a record but changes while nothing changes for anybody: the operation under way. */
const PASSING = new Set(['busy']);

/** What differs between two states, by kind, in the order in which objects came; what is gone first. Operations under way are no difference. */
export function diffStates(before: StateView, after: StateView): readonly ObjectChange[] {
  return [
    ...diffMaps('container', before.containers, after.containers, ({ name }) => name),
    ...diffMaps('image', before.images, after.images, ({ id, tags }) => tags[0] ?? id),
    ...diffMaps('network', before.networks, after.networks, ({ name }) => name),
    ...diffMaps('volume', before.volumes, after.volumes, ({ name }) => name),
  ];
}

function diffMaps<T extends object>(
  kind: ObjectKind,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  nameOf: (record: T) => string,
): readonly ObjectChange[] {
  const changes: ObjectChange[] = [];
  for (const [id, record] of before) if (!after.has(id)) changes.push({ change: 'removed', kind, id, name: nameOf(record) });
  for (const [id, record] of after) {
    const old = before.get(id);
    if (old === record) continue;
    if (old === undefined) {
      changes.push({ change: 'added', kind, id, name: nameOf(record) });
      continue;
    }
    const fields: FieldChange[] = [];
    diffFields('', old, record, fields);
    if (fields.length > 0) changes.push({ change: 'changed', kind, id, name: nameOf(record), fields });
  }
  return changes;
}

/** Lists are values: what is in another place of one says little. */
function diffFields(path: string, before: object, after: object, found: FieldChange[]): void {
  const [old, now] = [before as Fields, after as Fields];
  for (const field of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (path === '' && PASSING.has(field)) continue;
    const [was, is] = [old[field], now[field]];
    if (was === is) continue;
    const here = path === '' ? field : `${path}.${field}`;
    if (isFields(was) && isFields(is)) diffFields(here, was, is, found);
    else if (JSON.stringify(was) !== JSON.stringify(is)) {
      found.push({ field: here, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) });
    }
  }
}

interface Fields {
  readonly [field: string]: unknown;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
