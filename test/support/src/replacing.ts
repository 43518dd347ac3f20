/** `right` with some of its methods and properties replaced; the others work as before, on `right` itself. */
export function replacing<T extends object>(right: T, changes: Partial<T>): T {
  return new Proxy(right, {
    get(target, name) {
      if (name in changes) return Reflect.get(changes, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
