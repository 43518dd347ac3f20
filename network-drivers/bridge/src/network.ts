import { isIPv4 } from 'node:net';
import { type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { networkLinkName, networkMtu } from '@shiplog/driver-kit';

/** A network as the engine gives it. */
export type NetworkArgs = Parameters<NetworkDriver['createNetwork']>[0]['network'];

/** A network with its options read. */
export interface BridgeNetwork {
  readonly id: string;
  readonly bridge: string;
  /** The operator chose the bridge's name; a bridge of that name that is there already is used and left. */
  readonly named: boolean;
  /** Network address and prefix, such as `172.18.0.0/16`. */
  readonly subnet: string;
  /** Address of the bridge with prefix. */
  readonly gateway: string;
  readonly internal: boolean;
  readonly masquerade: boolean;
  /** Containers on it may reach each other. */
  readonly talk: boolean;
  /** Where ports are published whose binding names no address; '' for all. */
  readonly hostIp: string;
  readonly mtu?: number;
}

const DOCKER = 'com.docker.network.bridge';

function flag(name: string, value: string | undefined, fallback: boolean): boolean {
  if (value === undefined || value === '') return fallback;
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new ShiplogError('REQUEST_INVALID', `network option ${name} must be true or false, not ${value}`, { option: name, value });
}

/** Reads a network's options: the driver's own names and Docker's. Throws REQUEST_INVALID for one that cannot be meant. */
export function readNetwork({ id, subnet, gateway, internal, options }: NetworkArgs): BridgeNetwork {
  const named = options['bridge'] ?? options[`${DOCKER}.name`] ?? '';
  if (named !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(named)) {
    throw new ShiplogError('REQUEST_INVALID', `invalid bridge name: ${named}; 15 letters, digits, dots, dashes at most`, { bridge: named });
  }
  const [address = '', length = ''] = subnet.split('/');
  if (!isIPv4(address) || !/^\d+$/.test(length) || Number(length) > 30) {
    throw new ShiplogError('REQUEST_INVALID', `invalid subnet for a bridge network: '${subnet}'; an IPv4 CIDR is needed`, { subnet });
  }
  if (!isIPv4(gateway)) throw new ShiplogError('REQUEST_INVALID', `invalid gateway for a bridge network: '${gateway}'`, { gateway });
  const hostIp = options[`${DOCKER}.host_binding_ipv4`] ?? '';
  const mtu = networkMtu(options);
  return {
    id,
    bridge: named === '' ? networkLinkName(id) : named,
    named: named !== '',
    subnet,
    gateway: `${gateway}/${length}`,
    internal,
    masquerade: flag('masquerade', options[`${DOCKER}.enable_ip_masquerade`], true),
    talk: flag('icc', options[`${DOCKER}.enable_icc`], true),
    hostIp: hostIp === '0.0.0.0' ? '' : hostIp,
    ...(mtu === undefined ? {} : { mtu }),
  };
}
