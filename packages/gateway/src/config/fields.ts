import { z } from 'zod';
import { isDomain } from './domain';

/** What several sections of the configuration are made of. */

export const port = z.number().int().min(1).max(65_535);
export const host = z.string().min(1);
export const seconds = z.number().int().min(1);
export const domainName = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => /^[^\s@/:]+$/.test(text) && isDomain(text), 'must be a domain name, without user, port or slash');

/** A domain, all domains below one, or any. */
export const domainPattern = z
  .string()
  .refine((text) => text === '*' || domainName.safeParse(text.replace(/^\*\./, '')).success, 'must be a domain such as example.com, *.example.com for all below it, or * for any');

/** A port left out becomes the one of the transport (RFC 3261 section 19.1.2). */
export function withSipPort<T extends { readonly port?: number | undefined; readonly transport: string }>(place: T): T & { port: number } {
  return { ...place, port: place.port ?? (place.transport === 'tls' ? 5061 : 5060) };
}

/** A secret by reference: exactly one of the two. */
export function secret(what: string) {
  return z
    .strictObject({
      file: z.string().min(1).optional().describe(`path of a file that holds ${what}; surrounding white space is cut off`),
      env: z.string().min(1).optional().describe(`name of the environment variable that holds ${what}`),
    })
    .refine((s) => (s.file === undefined) !== (s.env === undefined), 'give either file or env, not both and not none');
}
