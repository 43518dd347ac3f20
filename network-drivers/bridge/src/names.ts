import { idDigits } from '@shiplog/driver-kit';

/** The host's end of an endpoint: `sv` and 13 digits of its id. */
export function vethName(endpointId: string): string {
  return `sv${idDigits(endpointId, 13)}`;
}

/** The nftables table of one engine. */
export function tableName(engineId: string): string {
  return `shiplog_${engineId}`;
}
