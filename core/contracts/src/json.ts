/** A value that survives JSON unchanged. Everything a driver receives or answers, and all event data, is made of these. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A plain object of {@link Json} values. A key that is `undefined` is the same as a key that is absent. */
export type JsonObject = { readonly [key: string]: Json | undefined };
