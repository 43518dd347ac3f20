export interface Fields {
  readonly [field: string]: unknown;
}

/** Fields that all of some objects have, with the value that is most frequent. Containers are mostly made of defaults: two thirds of their text, and of the work to read it. */
export function commonOf(objects: readonly Fields[]): Fields {
  const common: Record<string, unknown> = {};
  for (const field of Object.keys(objects[0] ?? {})) {
    const found = mostFrequent(objects.map((object) => object[field]));
    if (found !== undefined) common[field] = found.value;
  }
  return common;
}

/** Undefined if one is missing, or all are different. */
function mostFrequent(values: readonly unknown[]): { readonly value: unknown } | undefined {
  const counts = new Map<string, { readonly value: unknown; count: number }>();
  for (const value of values) {
    if (value === undefined) return undefined;
    const text = JSON.stringify(value);
    const known = counts.get(text);
    if (known === undefined) counts.set(text, { value, count: 1 });
    else known.count += 1;
  }
  const [best] = [...counts.values()].toSorted((a, b) => b.count - a.count);
  return best !== undefined && best.count > 1 ? best : undefined;
}
