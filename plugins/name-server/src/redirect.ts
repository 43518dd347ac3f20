import { MOST_A_SECOND } from './allowance.ts';

const TABLE = 'ip shiplog_names';

/**
 * The nft(8) script that leads what is asked of `address` at port 53 to `port`, made anew each time. Programs of the container may hence serve port 53 of
 * every address, this one too. The chains are of the output hook: nothing from outside of the namespace is led here. Packets beyond
 * {@link MOST_A_SECOND} end in the kernel: each that is read costs the engine's thread more than it costs who sends it.
 */
export function redirect(address: string, port: number): string {
  const limit = `    ip daddr ${address} meta l4proto { tcp, udp } th dport ${port} limit rate over ${MOST_A_SECOND}/second burst ${MOST_A_SECOND} packets drop\n`;
  const rules = ['udp', 'tcp'].map((transport) => `    ip daddr ${address} ${transport} dport 53 dnat to ${address}:${port}\n`);
  return `table ${TABLE}\ndelete table ${TABLE}\ntable ${TABLE} {\n  chain output {\n    type nat hook output priority -100; policy accept;\n${rules.join('')}  }\n  chain pace {\n    type filter hook output priority 0; policy accept;\n${limit}  }\n}\n`;
}
