import type { Authorizer, DriverInfo } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';

/** Drivers with one authorizer beside them. */
export function withAuthorizer(drivers: Drivers, authorizer: Authorizer, more: Partial<DriverInfo> = {}): Drivers {
  const info: DriverInfo = {
    kind: 'authorizer',
    name: 'policy',
    capabilities: {},
    needs: {},
    doc: '',
    plugin: 'p',
    probe: { usable: true },
    ...more,
  };
  return {
    get: (kind, name) => (kind === 'authorizer' ? (authorizer as never) : drivers.get(kind, name)),
    list: () => [...drivers.list(), info],
  };
}
