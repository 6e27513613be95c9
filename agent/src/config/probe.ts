import { isOpenToTampering } from '@keyturn/shared/address.ts';
import { verifierKey } from '@keyturn/shared/model/ids.ts';
import { duration } from '@keyturn/shared/settings.ts';
import type { Problem } from '@keyturn/shared/settings/check.ts';
import { filePath, integer, matching } from '@keyturn/shared/settings/fields.ts';
import { z } from 'zod';
import type { VerifierConfig } from '../config.ts';
import { url } from './fields.ts';

const statuses = z.array(integer(200, 599)).min(1).max(100);

const SUCCESS = Array.from({ length: 100 }, (_, i) => 200 + i);

// Headers that frame the request or say what it is; a token in one of them reaches no verifier.
const HEADER =
  /^(?!(?:accept|cache-control|connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|user-agent)$)[a-z0-9-]{1,64}$/i;

/** Where canary tokens are presented to a verifier. */
export const probeSchema = z.strictObject({
  /** An endpoint behind the verifier, asked with GET; redirects are not followed. */
  url: url(),
  header: matching(HEADER, 'the name of a header for tokens, such as Authorization').default(
    'Authorization',
  ),
  /** In front of the token; `none` for nothing. */
  scheme: matching(/^[A-Za-z0-9-]{1,32}$/, 'a scheme such as Bearer, or none').default('Bearer'),
  /** Statuses that mean the token was accepted; every 2xx by default. */
  accept: statuses.default(SUCCESS),
  reject: statuses.default([401, 403]),
  timeout: duration({ minMs: 50, maxMs: 10_000 }).default(5_000),
  /** PEM of the authority that signed its certificate, when the system does not know it. */
  ca: filePath.optional(),
});

export type ProbeSettings = z.infer<typeof probeSchema>;

/** The probe endpoint of one verifier, whole. */
export interface ProbeConfig {
  readonly url: URL;
  readonly header: string;
  /** Empty: nothing goes in front of the token. */
  readonly scheme: string;
  readonly accept: ReadonlySet<number>;
  readonly reject: ReadonlySet<number>;
  readonly timeoutMs: number;
  /** PEM file. */
  readonly ca: string | null;
}

export function probeOf(settings: ProbeSettings | undefined): ProbeConfig | null {
  if (settings === undefined) return null;
  const { url, header, scheme, accept, reject, timeout, ca } = settings;
  return {
    url,
    header,
    scheme: scheme === 'none' ? '' : scheme,
    accept: new Set(accept),
    // A default gives way to what was said.
    reject: new Set(reject.filter((status) => !accept.includes(status))),
    timeoutMs: timeout,
    ca: ca ?? null,
  };
}

/** What is wrong between the keys of a probe that are each well formed. */
export function probeProblems(
  settings: ProbeSettings | undefined,
  path: readonly (string | number)[],
): readonly Problem[] {
  if (settings === undefined) return [];
  const problems: Problem[] = [];
  if (isOpenToTampering(settings.url)) {
    problems.push({
      path: [...path, 'url'],
      message: `${settings.url.href} is plain http to another machine, where anybody on the way can read tokens: use https, or an address of this machine`,
    });
  }
  const both = settings.accept.filter((status) => settings.reject.includes(status));
  const isDefault = settings.reject.length === 2 && settings.reject.includes(401);
  if (both.length > 0 && !(isDefault && !both.includes(401))) {
    problems.push({
      path: [...path, 'reject'],
      message: `expected statuses that accept does not have, got ${both.join(', ')}`,
    });
  }
  return problems;
}

/** The probe endpoints of the file by verifier, for those that have one. */
export function probesByVerifier(
  verifiers: readonly VerifierConfig[],
): ReadonlyMap<string, ProbeConfig> {
  return new Map(
    verifiers.flatMap(({ id, probe }) => (probe === null ? [] : [[verifierKey(id), probe]])),
  );
}
