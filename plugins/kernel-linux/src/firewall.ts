import { spawn } from 'node:child_process';
import type { FirewallCalls } from '@shiplog/contracts';
import { errnoOf } from './kernel-error.ts';
import type { LaneCall } from './lane.ts';
import { loadNft, nftArgs, nftFailure, type NftContext, type NftResult, noNft } from './nft.ts';
import { reportingLater } from './report.ts';

/** Somebody else committed in between; the transaction was not applied and may be tried again. */
const RETRY_LIMIT = 8;

/** Runs one script; `json` asks for JSON output. */
type Run = (script: string, json: boolean) => Promise<NftResult>;

/** The library, on a pool thread, which stays in the host's namespace. Undefined when it is not installed. */
function library(): Run | undefined {
  const nft = loadNft();
  if (nft === undefined) return undefined;
  const contexts: { plain?: NftContext; json?: NftContext } = {};
  return (script, json) => (json ? (contexts.json ??= nft(true)) : (contexts.plain ??= nft(false))).runLater(script);
}

/** The same by the nft(8) program, for hosts without the library. */
const program: Run = (script, json) =>
  new Promise((resolve, reject) => {
    const child = spawn('nft', nftArgs(json), { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let error = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (error += part));
    child.on('error', (cause) => reject(noNft(cause)));
    child.on('close', (code) => resolve({ ok: code === 0, output, error }));
    // A program that ends early says so by its exit code and stderr.
    child.stdin.on('error', () => undefined).end(script);
  });

/**
 * The firewall port. Scripts for the host run one after the other; nothing is loaded before the first. Those for another namespace run in a
 * kernel thread, which alone may go there.
 */
export function firewallCalls(call: LaneCall): FirewallCalls {
  let nft: Run | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function run(script: string, json: boolean): Promise<string> {
    nft ??= library() ?? program;
    for (let tries = 1; ; tries += 1) {
      const { ok, output, error } = await nft(script, json);
      if (ok) return output;
      const refused = nftFailure(script, error);
      if (errnoOf(refused) !== 'ERESTART' || tries >= RETRY_LIMIT) throw refused;
    }
  }

  /** A context serves one call at a time. */
  function inTurn(script: string, json: boolean): Promise<string> {
    const turn = last.then(() => reportingLater(() => run(script, json)));
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    async apply(script, namespace) {
      if (namespace === undefined) await inTurn(script, false);
      else await call('applyFirewall', script, namespace);
    },
    async list(command) {
      const answer: unknown = JSON.parse(await inTurn(command, true));
      const objects = (answer as { nftables?: readonly { readonly [key: string]: unknown }[] }).nftables ?? [];
      return objects.filter((object) => !('metainfo' in object));
    },
  };
}
