import { ShiplogError } from '@shiplog/contracts';

/** The option `mtu`, or Docker's name for it, in bytes; undefined where it is absent, '' or 0. Throws REQUEST_INVALID. */
export function networkMtu(options: { readonly [name: string]: string }): number | undefined {
  const value = options['mtu'] ?? options['com.docker.network.driver.mtu'];
  if (value === undefined || value === '' || value === '0') return undefined;
  const mtu = Number(value);
  if (Number.isInteger(mtu) && mtu >= 68 && mtu <= 65_535) return mtu;
  throw new ShiplogError('REQUEST_INVALID', `invalid MTU: ${value}`, { mtu: value });
}
