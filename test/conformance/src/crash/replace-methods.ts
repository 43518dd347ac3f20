export type Method = (...args: unknown[]) => unknown;

/** Replaces methods of `target`, its own and inherited ones, by what `replacement` gives for them. Answers how to take that back. */
export function replaceMethods(target: object, replacement: (name: string, method: Method) => Method | undefined): () => void {
  const undo: (() => void)[] = [];
  for (const name of namesOf(target)) {
    const method: unknown = Reflect.get(target, name);
    if (typeof method !== 'function') continue;
    const other = replacement(name, (...args) => Reflect.apply(method, target, args) as unknown);
    if (other === undefined) continue;
    Object.assign(other, method);
    // Symbols say what util.promisify makes of it.
    for (const symbol of Object.getOwnPropertySymbols(method)) Reflect.set(other, symbol, Reflect.get(method, symbol));
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value: other, configurable: true, writable: true, enumerable: true });
    undo.push(() => (before === undefined ? Reflect.deleteProperty(target, name) : Object.defineProperty(target, name, before)));
  }
  return () => {
    for (const one of undo) one();
  };
}

function namesOf(target: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (
    let level: object | null = target;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  )
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level)))
      if (name !== 'constructor' && typeof value === 'function') names.add(name);
  return names;
}
