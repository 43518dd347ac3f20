import koffi, { type LibraryHandle } from 'koffi';
import { Refusal } from './kernel-error.ts';

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

export interface NftResult {
  readonly ok: boolean;
  readonly output: string;
  readonly error: string;
}

type Handle = bigint | object | null;

/** A context of libnftables, which serves one call at a time. Its socket is in the namespace that the thread was in when it was opened. */
export interface NftContext {
  run(script: string): NftResult;
  /** The same on a pool thread. */
  runLater(script: string): Promise<NftResult>;
  free(): void;
}

/** Opens contexts; `json` asks for output in JSON. Output and errors come through a context's buffers, so no errno is needed. */
export type Nft = (json: boolean) => NftContext;

/** nft inside this process, through libnftables.so.1 (libnftables(3)). Undefined where the library is not installed. */
export function loadNft(): Nft | undefined {
  let nft: LibraryHandle;
  try {
    nft = koffi.load('libnftables.so.1');
  } catch {
    // Not installed: the caller runs nft(8) instead.
    return undefined;
  }
  const create = nft.func('nft_ctx_new', 'void *', ['uint32_t']);
  const bufferOutput = nft.func('nft_ctx_buffer_output', 'int', ['void *']);
  const bufferError = nft.func('nft_ctx_buffer_error', 'int', ['void *']);
  const setFlags = nft.func('nft_ctx_output_set_flags', 'void', ['void *', 'uint']);
  const run = nft.func('nft_run_cmd_from_buffer', 'int', ['void *', 'str']);
  const outputOf = nft.func('nft_ctx_get_output_buffer', 'str', ['void *']);
  const errorOf = nft.func('nft_ctx_get_error_buffer', 'str', ['void *']);
  const free = nft.func('nft_ctx_free', 'void', ['void *']);
  return (json) => {
    const context: Handle = create(0);
    if (context === null) throw new Refusal('HOST_UNSUITABLE', 'libnftables could not open a context');
    bufferOutput(context);
    bufferError(context);
    setFlags(context, json ? NFT_CTX_OUTPUT_JSON : 0);
    const result = (code: number): NftResult => ({ ok: code === 0, output: outputOf(context) ?? '', error: errorOf(context) ?? '' });
    return {
      run: (script) => result(run(context, script)),
      runLater: (script) =>
        new Promise((resolve, reject) => {
          run.async(context, script, (fault: unknown, code: number) => {
            if (fault !== null && fault !== undefined) reject(fault);
            else resolve(result(code));
          });
        }),
      free: () => free(context),
    };
  };
}

/** Arguments of nft(8) for a script on its standard input. */
export function nftArgs(json: boolean): readonly string[] {
  return json ? ['--json', '-f', '-'] : ['-f', '-'];
}

/** Neither is there. */
export function noNft(cause: unknown): Refusal {
  return new Refusal('HOST_UNSUITABLE', 'neither libnftables.so.1 nor nft(8) is installed', {}, { cause });
}

/** What nft said, as an error. */
export function nftFailure(script: string, error: string): Refusal {
  const text = error.trim();
  const errno = ERRNO_BY_TEXT.find(([words]) => text.includes(words))?.[1] ?? 'EINVAL';
  // nft shows the offending line and a marker below it; the first line says what is wrong.
  const summary = text.split('\n')[0] ?? '';
  return new Refusal('KERNEL_CALL_FAILED', `nft: ${summary}`, { call: 'nft', errno, detail: text, script });
}
