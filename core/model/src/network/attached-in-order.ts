import type { ContainerRecord, EndpointRecord } from '@shiplog/contracts';

/** Endpoints by the number of their interface. */
export function attachedInOrder(container: ContainerRecord): readonly EndpointRecord[] {
  return Object.values(container.endpoints).toSorted((a, b) => interfaceNumber(a) - interfaceNumber(b));
}

function interfaceNumber(endpoint: EndpointRecord): number {
  return Number(endpoint.ifName.replace(/^\D+/, ''));
}
