import { spawnSync } from 'node:child_process';
import { loadNft, type Nft, nftArgs, nftFailure, type NftResult, noNft } from './nft.ts';
import { visit } from './visit.ts';

let nft: Nft | undefined;

/** A context's socket stays where it was opened, so each visit has its own. */
function byLibrary(open: Nft, script: string): NftResult {
  const context = open(false);
  try {
    return context.run(script);
  } finally {
    context.free();
  }
}

/** A child begins in the namespace that this thread is in. */
function byProgram(script: string): NftResult {
  const { status, stdout, stderr, error } = spawnSync('nft', nftArgs(false), { input: script, encoding: 'utf8' });
  if (error !== undefined) throw noNft(error);
  return { ok: status === 0, output: stdout, error: stderr };
}

/** What runs in a kernel thread. */
export const firewallOps = {
  applyFirewall(script: string, namespace: string): void {
    nft ??= loadNft();
    const open = nft;
    const { ok, error } = visit(namespace, () => (open === undefined ? byProgram(script) : byLibrary(open, script)));
    if (!ok) throw nftFailure(script, error);
  },
};
