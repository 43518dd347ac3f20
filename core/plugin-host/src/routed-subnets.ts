/** IPv4 subnets (CIDR) of a text as in /proc/net/route, without default routes and without those that hold one address. */
export function routedSubnets(text: string): readonly string[] {
  const subnets = text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination, , , , , , mask] = line.split('\t');
      if (destination === undefined || mask === undefined) return [];
      const prefix = bytesOf(mask).reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0);
      return prefix === 0 || prefix === 32 ? [] : [`${bytesOf(destination).join('.')}/${prefix}`];
    });
  return [...new Set(subnets)];
}

/** Numbers there are in the order of the processor's bytes: the last one first, on every machine that Node runs on here. */
function bytesOf(hex: string): readonly number[] {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
