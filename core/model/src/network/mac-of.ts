import { parseIpv4 } from './ipv4.ts';

/** A locally administered MAC that follows from the address, so that neighbours' ARP caches stay right: `02:42:` and its 4 bytes. */
export function macOf(ipv4: string): string {
  const address = parseIpv4(ipv4);
  if (address === undefined) return '';
  const bytes = [24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0'));
  return `02:42:${bytes.join(':')}`;
}
