import type { AddCheck, Lab } from './lab.ts';

/** What `check` says of options. */
export function optionChecks(check: AddCheck): void {
  const ask = (lab: Lab, options: { readonly [option: string]: string }): Promise<unknown> =>
    lab.driver.check({ options: { ...lab.fixture.options, ...options } }, lab.ctx());

  check('given options that work here, when checked, then they are taken, in both modes', async (lab) => {
    await ask(lab, {});
    await ask(lab, { mode: 'blocking' });
    await ask(lab, { mode: 'non-blocking', 'max-buffer-size': '4m' });
  });

  check("given options that are none, when checked, then Docker's words say so", async (lab) => {
    await lab.refuses(ask(lab, { 'no-such-option': 'x' }), 'SPEC_INVALID', /unknown log opt 'no-such-option' for /);
    await lab.refuses(ask(lab, { mode: 'sometimes' }), 'SPEC_INVALID', /logging mode not supported: sometimes/);
    await lab.refuses(ask(lab, { 'max-buffer-size': '4m' }), 'SPEC_INVALID', /only supported with 'mode=non-blocking'/);
    await lab.refuses(ask(lab, { mode: 'non-blocking', 'max-buffer-size': 'much' }), 'SPEC_INVALID', /invalid size: 'much'/);
  });
}
