/** Objects of one kind, and what most of them say alike said once. */
export interface Factored {
  /** Fields that all of them have, with the value that is most frequent. */
  readonly common: Fields;
  /** Each object's other fields. */
  readonly own: readonly Fields[];
}

interface Fields {
  readonly [field: string]: unknown;
}

/** Says once what is alike. Containers are mostly made of defaults: two thirds of their text, and of the work to read it. */
export function factor(objects: readonly object[]): Factored {
  const all = objects as readonly Fields[];
  const common: Record<string, unknown> = {};
  const texts = new Map<string, string>();
  for (const field of Object.keys(all[0] ?? {})) {
    const found = mostFrequent(all.map((object) => object[field]));
    if (found === undefined) continue;
    common[field] = found.value;
    texts.set(field, found.text);
  }
  const own = all.map((object) =>
    Object.fromEntries(
      Object.entries(object).filter(([field, value]) => texts.get(field) === undefined || JSON.stringify(value) !== texts.get(field)),
    ),
  );
  return { common, own };
}

/** The objects again. Equal values are one: whoever changes them changes all, so nobody may. */
export function unfactor<T>({ common, own }: Factored): readonly T[] {
  return own.map((fields) => ({ ...common, ...fields }) as T);
}

/** Undefined if one is missing, or all are different. */
function mostFrequent(values: readonly unknown[]): { readonly text: string; readonly value: unknown } | undefined {
  const counts = new Map<string, { readonly text: string; readonly value: unknown; count: number }>();
  for (const value of values) {
    if (value === undefined) return undefined;
    const text = JSON.stringify(value);
    const known = counts.get(text);
    if (known === undefined) counts.set(text, { text, value, count: 1 });
    else known.count += 1;
  }
  const [best] = [...counts.values()].toSorted((a, b) => b.count - a.count);
  return best !== undefined && (best.count > 1 || values.length === 1) ? best : undefined;
}
