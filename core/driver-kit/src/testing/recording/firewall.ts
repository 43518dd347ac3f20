import type { Kernel } from '@shiplog/contracts';
import { type Recorder, refused } from './recorder.ts';

/** Answers to `firewall.list`, by command; a command without one fails as if the object were absent. */
export type FirewallAnswers = Map<string, readonly { readonly [key: string]: unknown }[]>;

/** A firewall that takes every script, and shows what it is told to. */
export function recordingFirewall(recorder: Recorder, firewallAnswers: FirewallAnswers): Kernel['firewall'] {
  return {
    async apply(script, namespace) {
      recorder.note('firewall.apply', script, ...(namespace === undefined ? [] : [namespace]));
    },
    async list(command) {
      recorder.note('firewall.list', command);
      const answer = firewallAnswers.get(command);
      if (answer === undefined) throw refused('nft', 'ENOENT', { command });
      return answer;
    },
  };
}
