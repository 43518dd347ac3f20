/** What the Lua program is told: pairs of a key and a value (`lua/orders.lua`). A key may come more than once. */
export type Orders = readonly (readonly [key: string, value: string])[];

/** One value of several fields: one on each line. */
export function fields(...values: readonly (string | number)[]): string {
  return values.join('\n');
}

/** As text: each key and each value ends with a zero byte, which nothing that a kernel takes contains. */
export function write(orders: Orders): string {
  return orders.map(([key, value]) => `${key}\0${value}\0`).join('');
}
