/** What is measured, by the name after `npm run bench --`. Each takes the number of rounds. */
const SUITES: { readonly [name: string]: () => Promise<unknown> } = {
  containers: () => import('./main.ts'),
  log: () => import('./log/main.ts'),
  plugins: () => import('./plugins/main.ts'),
  export: () => import('./export/main.ts'),
  replay: () => import('./replay/main.ts'),
  time: () => import('./time/main.ts'),
  registry: () => import('./registry/main.ts'),
  proofs: () => import('./proofs/main.ts'),
};

const first = process.argv[2] ?? 'containers';
const named = Object.hasOwn(SUITES, first);
if (named) process.argv.splice(2, 1);
else if (!/^\d+$/.test(first)) throw new Error(`nothing to measure is called ${first}; there is ${Object.keys(SUITES).join(', ')}`);
await SUITES[named ? first : 'containers']?.();
