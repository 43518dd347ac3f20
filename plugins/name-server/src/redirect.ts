import type { Kernel } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';
import { MOST_A_SECOND } from './allowance.ts';

const TABLE = 'ip shiplog_names';

/**
 * Leads what is asked of `address` at port 53, in the namespace at `sandbox`, to `port`. Programs of the container may hence serve port 53 of every
 * address, this one too. The chains are of the output hook: nothing from outside of the namespace is led here. Packets beyond {@link MOST_A_SECOND} end in the
 * kernel: each that is read costs the engine's thread more than it costs who sends it. Takes the place of rules from before.
 */
export async function redirect(firewall: Kernel['firewall'], sandbox: string, address: string, port: number): Promise<void> {
  const script = rules(address, port);
  try {
    await firewall.apply(`create table ${TABLE}\n${script}`, sandbox);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // The kernel takes fifty times as long over a script that deletes, and most namespaces are new.
    await firewall.apply(`delete table ${TABLE}\n${script}`, sandbox);
  }
}

function rules(address: string, port: number): string {
  const nat = ['udp', 'tcp'].map((transport) => `    ip daddr ${address} ${transport} dport 53 dnat to ${address}:${port}`);
  const pace = `limit rate over ${MOST_A_SECOND}/second burst ${MOST_A_SECOND} packets drop`;
  return `table ${TABLE} {
  chain output {
    type nat hook output priority -100; policy accept;
${nat.join('\n')}
  }
  chain pace {
    type filter hook output priority 0; policy accept;
    ip daddr ${address} meta l4proto { tcp, udp } th dport ${port} ${pace}
  }
}
`;
}
