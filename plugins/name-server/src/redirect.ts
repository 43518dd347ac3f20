const TABLE = 'ip shiplog_names';

/**
 * The nft(8) script that leads what is asked of `address` at port 53 to `port`, made anew each time. Programs of the container may hence serve port 53 of
 * every address, this one too. The chain is of the output hook: nothing from outside of the namespace is led here.
 */
export function redirect(address: string, port: number): string {
  const rules = ['udp', 'tcp'].map((transport) => `    ip daddr ${address} ${transport} dport 53 dnat to ${address}:${port}\n`);
  return `table ${TABLE}\ndelete table ${TABLE}\ntable ${TABLE} {\n  chain output {\n    type nat hook output priority -100; policy accept;\n${rules.join('')}  }\n}\n`;
}
