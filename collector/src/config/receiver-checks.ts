import { isIP } from 'node:net';
import { isLoopback, isOpenToTampering } from '@keyturn/shared/address.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { fetchUrl } from '@keyturn/shared/settings/fields.ts';
import { addressRefusal, hostOf, type Reach } from '../notify/reach.ts';
import { Secret } from '../notify/secret.ts';
import type { ProblemList } from './problem-list.ts';
import type { SecretFiles, SecretSettings } from './secret-files.ts';

/** A secret that has to be there; undefined after adding why it is not. */
export function neededSecret(
  secrets: SecretFiles,
  settings: SecretSettings,
  what: string,
  path: KeyPath,
  problems: ProblemList,
): Secret | undefined {
  const isNamed = [`${what}_file`, `${what}_file_env`].some((key) => settings[key] !== undefined);
  if (isNamed) return secrets.read(settings, what, path);
  problems.add(path, `expected ${what}_file (or ${what}_file_env), got neither`);
  return undefined;
}

/** A URL that may hold a token, wherever it comes from. It is not repeated. */
export function secretUrl(
  url: Secret | undefined,
  at: KeyPath,
  problems: ProblemList,
): Secret | undefined {
  if (url === undefined || fetchUrl.safeParse(url.reveal()).success) return url;
  problems.add(at, 'expected an http or https URL without user name, password and #fragment');
  return undefined;
}

/**
 * Adds a problem for a host that could never be talked to. What a name leads to is not asked here: it
 * is every time something is sent.
 */
export function checkHost(url: string, reach: Reach, at: KeyPath, problems: ProblemList): void {
  const host = hostOf(new URL(url));
  const address = isIP(host) !== 0 ? host : isLoopback(host) ? '127.0.0.1' : null;
  const refusal = address === null ? undefined : addressRefusal(host, address, reach);
  if (refusal !== undefined) problems.add(at, `expected a host that may be sent to: ${refusal}`);
}

/** Adds a problem where a secret would be readable on the way. */
export function checkSealed(url: string, at: KeyPath, problems: ProblemList): void {
  if (!isOpenToTampering(new URL(url))) return;
  problems.add(at, 'expected https: over http the secret could be read on the way');
}
