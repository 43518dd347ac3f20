import { spawn } from 'node:child_process';
import koffi, { type LibraryHandle } from 'koffi';
import { type FirewallCalls, ShiplogError } from '@shiplog/contracts';

/** nftables/libnftables.h. */
const NFT_CTX_OUTPUT_JSON = 1 << 4;

/** nft prints strerror(3) texts and some of its own; these are the ones that callers tell apart. */
const ERRNO_BY_TEXT: readonly (readonly [text: string, errno: string])[] = [
  ['No such file or directory', 'ENOENT'],
  ['File exists', 'EEXIST'],
  ['interval overlaps with an existing one', 'EEXIST'],
  ['conflicting intervals specified', 'EEXIST'],
  ['Device or resource busy', 'EBUSY'],
  ['Operation not permitted', 'EPERM'],
  ['Interrupted system call should be restarted', 'ERESTART'],
  ['No space left on device', 'ENOSPC'],
];

/** Somebody else committed in between; the transaction was not applied and may be tried again. */
const RETRY_LIMIT = 8;

interface NftResult {
  readonly ok: boolean;
  readonly output: string;
  readonly error: string;
}

/** Runs one script; `json` asks for JSON output. */
type Nft = (script: string, json: boolean) => Promise<NftResult>;

type Handle = bigint | object | null;

/**
 * nft inside this process, through libnftables.so.1 (libnftables(3)). Runs on a pool thread, which stays in the host's
 * namespace. Answers undefined when the library is not installed. Output and errors come through the context's buffers,
 * so no errno is needed.
 */
function library(): Nft | undefined {
  let nft: LibraryHandle;
  try {
    nft = koffi.load('libnftables.so.1');
  } catch {
    // Not installed: the caller spawns nft instead.
    return undefined;
  }
  const create = nft.func('nft_ctx_new', 'void *', ['uint32_t']);
  const run = nft.func('nft_run_cmd_from_buffer', 'int', ['void *', 'str']);
  const outputOf = nft.func('nft_ctx_get_output_buffer', 'str', ['void *']);
  const errorOf = nft.func('nft_ctx_get_error_buffer', 'str', ['void *']);
  const setFlags = nft.func('nft_ctx_output_set_flags', 'void', ['void *', 'uint']);
  const open = (flags: number): Handle => {
    const context: Handle = create(0);
    if (context === null) throw new ShiplogError('HOST_UNSUITABLE', 'libnftables could not open a context');
    nft.func('nft_ctx_buffer_output', 'int', ['void *'])(context);
    nft.func('nft_ctx_buffer_error', 'int', ['void *'])(context);
    setFlags(context, flags);
    return context;
  };
  const contexts = { plain: open(0), json: open(NFT_CTX_OUTPUT_JSON) };
  return (script, json) =>
    new Promise((resolve, reject) => {
      const context = json ? contexts.json : contexts.plain;
      run.async(context, script, (fault: unknown, code: number) => {
        if (fault !== null && fault !== undefined) reject(fault);
        else resolve({ ok: code === 0, output: outputOf(context) ?? '', error: errorOf(context) ?? '' });
      });
    });
}

/** The same by the nft(8) program, for hosts without the library. */
const program: Nft = (script, json) =>
  new Promise((resolve, reject) => {
    const child = spawn('nft', json ? ['--json', '-f', '-'] : ['-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let error = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (error += part));
    child.on('error', (cause) =>
      reject(new ShiplogError('HOST_UNSUITABLE', 'neither libnftables.so.1 nor nft(8) is installed', {}, { cause })),
    );
    child.on('close', (code) => resolve({ ok: code === 0, output, error }));
    // A program that ends early says so by its exit code and stderr.
    child.stdin.on('error', () => undefined).end(script);
  });

function failure(script: string, error: string): ShiplogError {
  const text = error.trim();
  const errno = ERRNO_BY_TEXT.find(([words]) => text.includes(words))?.[1] ?? 'EINVAL';
  // nft shows the offending line and a marker below it; the first line says what is wrong.
  const summary = text.split('\n')[0] ?? '';
  return new ShiplogError('KERNEL_CALL_FAILED', `nft: ${summary}`, { call: 'nft', errno, detail: text, script });
}

/** The firewall port. Scripts run one after the other; nothing is loaded before the first. */
export function firewallCalls(): FirewallCalls {
  let nft: Nft | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function run(script: string, json: boolean): Promise<string> {
    nft ??= library() ?? program;
    for (let tries = 1; ; tries += 1) {
      const { ok, output, error } = await nft(script, json);
      if (ok) return output;
      const refused = failure(script, error);
      if (refused.facts.errno !== 'ERESTART' || tries >= RETRY_LIMIT) throw refused;
    }
  }

  /** A context serves one call at a time. */
  function inTurn(script: string, json: boolean): Promise<string> {
    const turn = last.then(() => run(script, json));
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    async apply(script) {
      await inTurn(script, false);
    },
    async list(command) {
      const answer: unknown = JSON.parse(await inTurn(command, true));
      const objects = (answer as { nftables?: readonly { readonly [key: string]: unknown }[] }).nftables ?? [];
      return objects.filter((object) => !('metainfo' in object));
    },
  };
}
