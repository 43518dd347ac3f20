import { type JsonObject, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { networkLinkName } from '@shiplog/driver-kit';
import { addressingOf, checkAddressing } from './addressing.ts';
import { type Conflist, isObject, type PluginConfiguration } from './conflist.ts';

type Network = Parameters<NetworkDriver['createNetwork']>[0]['network'];
type Attach = Parameters<NetworkDriver['attach']>[0];

/** The bridge that a network's plugins use. */
export interface NetworkBridge {
  readonly name: string;
  /** The list chose the name. */
  readonly named: boolean;
  /** It has the gateway's address. */
  readonly isGateway: boolean;
}

/** The bridge of a list that begins with the plugin of this name: the list's own word, or a name of the network's. */
export function bridgeOf({ plugins: [first] }: Conflist, network: Pick<Network, 'id' | 'internal'>): NetworkBridge | undefined {
  if (first.type !== 'bridge') return undefined;
  const { bridge } = first;
  const isGateway = !network.internal && (first['isGateway'] === true || first['isDefaultGateway'] === true);
  if (bridge === undefined || bridge === '') return { name: networkLinkName(network.id), named: false, isGateway };
  if (typeof bridge === 'string' && /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/.test(bridge)) return { name: bridge, named: true, isGateway };
  throw new ShiplogError('REQUEST_INVALID', `invalid bridge name in the list: ${JSON.stringify(bridge)}`, {});
}

/** Throws REQUEST_INVALID or NOT_SUPPORTED where a list does not fit a network. */
export function checkList(list: Conflist, network: Network): void {
  const [first] = list.plugins;
  checkAddressing(first, network);
  if (bridgeOf(list, network) === undefined && network.internal) {
    throw new ShiplogError('NOT_SUPPORTED', `an internal network needs a list that begins with bridge, not ${first.type}`, {
      plugin: first.type,
    });
  }
}

/**
 * What each plugin of a list is given for an endpoint (CNI 1.0.0, section 3, and the conventions for `runtimeConfig`). Throws NOT_SUPPORTED when ports
 * are to be published and no plugin can.
 */
export function executionOf(list: Conflist, endpoint: Attach): readonly PluginConfiguration[] {
  const { network, address, mac } = endpoint;
  const ports = network.internal ? [] : endpoint.ports;
  if (ports.length > 0 && !list.plugins.some((plugin) => hasCapability(plugin, 'portMappings'))) {
    throw new ShiplogError(
      'NOT_SUPPORTED',
      `no plugin of the list ${list.name} publishes ports: add {"type": "portmap", "capabilities": {"portMappings": true}} to it`,
      { conflist: list.name },
    );
  }
  const portMappings = ports.map(({ protocol, hostIp, hostPort, containerPort }) => ({
    protocol,
    hostPort,
    containerPort,
    ...(hostIp === '' || hostIp === '0.0.0.0' ? {} : { hostIP: hostIp }),
  }));
  const offered: JsonObject = { ips: [address], ...(mac === '' ? {} : { mac }), ...(portMappings.length === 0 ? {} : { portMappings }) };
  return list.plugins.map((plugin, index) => {
    // The engine's to read, and not the plugin's.
    const { capabilities: _, ...own } = plugin;
    const asked = Object.entries(offered).filter(([capability]) => hasCapability(plugin, capability));
    return {
      ...own,
      ...(index === 0 ? interfaceOf(list, plugin, endpoint) : {}),
      type: plugin.type,
      name: list.name,
      cniVersion: list.cniVersion,
      ...(asked.length === 0 ? {} : { runtimeConfig: Object.fromEntries(asked) }),
    };
  });
}

/** What the first plugin is told otherwise than the list says: addresses and routes are the engine's, and so is whose bridge it is. */
function interfaceOf(list: Conflist, plugin: PluginConfiguration, endpoint: Attach): JsonObject {
  const ipam = { ipam: addressingOf(isObject(plugin['ipam']) ? plugin['ipam'] : {}, endpoint) };
  const bridge = bridgeOf(list, endpoint.network);
  if (bridge === undefined) return ipam;
  return {
    ...ipam,
    bridge: bridge.name,
    isGateway: bridge.isGateway,
    isDefaultGateway: false,
    ...(endpoint.network.internal ? { ipMasq: false } : {}),
  };
}

function hasCapability({ capabilities }: PluginConfiguration, capability: string): boolean {
  return isObject(capabilities) && capabilities[capability] === true;
}
