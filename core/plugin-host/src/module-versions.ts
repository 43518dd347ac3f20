import { registerHooks } from 'node:module';

let following = false;

/**
 * From now on a module that is imported as `…?shiplog=N` imports its own files as of N too. Without this, code that is loaded anew
 * would go on with the old parts of itself. Former versions stay in memory until the process ends: that is for those who write.
 */
export function followVersions(): void {
  if (following) return;
  following = true;
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const { parentURL } = context;
      const version = parentURL?.startsWith('file:') === true ? new URL(parentURL).searchParams.get('shiplog') : null;
      if (version === null || !/^\.{1,2}\//.test(specifier)) return resolved;
      const url = new URL(resolved.url);
      url.searchParams.set('shiplog', version);
      return { ...resolved, url: url.href };
    },
  });
}
