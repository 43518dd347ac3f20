import { spawn } from 'node:child_process';

const MARK = 'SHIPLOG_TEST_APART';

/**
 * Runs the test file `file` in a network and mount namespace of its own, so that what it does to interfaces, firewall
 * and sysctls is nobody else's, and goes with it. Answers true inside; outside it runs the file again, takes over its
 * exit code, and answers false. Needs root and unshare(1).
 */
export async function apart(file: string): Promise<boolean> {
  if (process.env[MARK] === '1') return true;
  const child = spawn('unshare', ['--net', '--mount', process.execPath, file], { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  return false;
}
