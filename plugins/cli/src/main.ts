import { enableCompileCache } from 'node:module';

// Saves half of the time that loading takes from the second start on.
enableCompileCache();
const { runProcess } = await import('./run-process.ts');
await runProcess();
