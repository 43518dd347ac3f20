import { spawn } from 'node:child_process';
import { access, constants, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** How many times as long as elsewhere a file may take on an emulated processor. */
const EMULATED = 8;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Guest {
  readonly kernel: string;
  readonly initramfs: string;
  /** The first is the root; both are read only, and what the guest writes is forgotten. */
  readonly disks: readonly string[];
  /** For the tests: those whose path contains one of them. */
  readonly patterns: readonly string[];
  readonly memoryMiB: number;
  readonly limitMs: number;
  /** What the kernel says. */
  readonly consoleLog: string;
}

/**
 * Boots the guest, without any network, and hands each line it prints to `print`. Resolves with the exit code of its tests when it has switched
 * itself off; throws if it did not get there, or not in time.
 */
export async function boot(guest: Guest, print: (line: string) => void): Promise<number> {
  const child = spawn('qemu-system-x86_64', await argumentsOf(guest), { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, guest.limitMs);
  const stop = (signal: NodeJS.Signals): void => {
    child.kill('SIGKILL');
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  let code: number | undefined;
  try {
    const ended = new Promise<void>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', () => resolve());
    });
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const found = /^guest: exit code (\d+)/.exec(line)?.[1];
      if (found === undefined) print(line.replace(/\r$/, ''));
      else code = Number(found);
    });
    await ended;
  } finally {
    clearTimeout(limit);
    for (const signal of SIGNALS) process.off(signal, stop);
  }
  if (late) throw new Error(`the guest took longer than ${guest.limitMs / 1000} s; its console is in ${guest.consoleLog}`);
  if (code === undefined) throw new Error(`the guest ended before its tests: ${complaints.trim()}; its console is in ${guest.consoleLog}`);
  return code;
}

async function argumentsOf({ kernel, initramfs, disks, patterns, memoryMiB, consoleLog }: Guest): Promise<string[]> {
  const fixed = '-nodefaults -no-reboot -display none -nic none -smp 2 -cpu max -serial stdio';
  const [accelerator, patience] = (await hasKvm()) ? ['kvm', 1] : ['tcg,thread=multi', EMULATED];
  // psi: Debian's kernel has it, and asks to be told. Nobody attacks the guest, and mitigations cost time.
  const words = `console=ttyS0 quiet panic=-1 psi=1 hugepages=8 mitigations=off patience=${patience} patterns=${patterns.join(',')}`;
  const options = [
    ['-accel', accelerator],
    ['-m', `${memoryMiB}M`],
    // Before the other: it is the first of the two ports.
    ['-serial', `file:${consoleLog}`],
    fixed.split(' '),
    ['-kernel', kernel],
    ['-initrd', initramfs],
    ['-append', words],
    ...disks.map((disk) => ['-drive', `file=${disk},format=raw,if=virtio,snapshot=on,cache=unsafe`]),
  ];
  return options.flat();
}

/** Some virtual machines have the device and cannot use it: it takes a guest and never runs it. Their processors lack the flags. */
async function hasKvm(): Promise<boolean> {
  if (!/^flags\s*:.*\b(vmx|svm)\b/m.test(await readFile('/proc/cpuinfo', 'utf8'))) return false;
  return access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}
