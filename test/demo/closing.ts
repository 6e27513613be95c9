import { messageOf } from '@keyturn/shared/errors.ts';
import { forgeToken } from '../harness/forgery.ts';
import { BATCH, BYSTANDER_KID, NEW_KID, OLD_KID, WEB } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { Narrator } from './narrator.ts';
import { rejectionRows } from './summary.ts';
import type { Summary } from './summary.ts';
import { LONGEST_CACHE_S, TIMINGS } from './timings.ts';
import type { TruthKeeper } from '../harness/truth.ts';

/** Who takes part, before anything happens. */
export function introduce(tell: Narrator, fleet: Fleet, callers: number): void {
  tell.blank();
  tell.table([
    [
      'issuer',
      'oidc-provider',
      `signs with ${OLD_KID} (RS256); ${BYSTANDER_KID} (ES256) stands by`,
    ],
    ['orders', 'fastify + jose', 'two instances, observed in process by @keyturn/agent'],
    ['billing', 'express + jwks-rsa', 'keys through the key proxy of keyturn-agent'],
    ['gateway', 'hono/jwk', 'keys through the key proxy of keyturn-agent'],
    ['reports', 'fast-jwt', 'polls the JWKS itself, tells keyturn-agent what it holds'],
    [
      'warehouse',
      'jsonwebtoken',
      'keys in a file of its deployment; tells how its verifications end',
    ],
  ]);
  tell.blank();
  const perSecond = Math.round((callers * 1_000) / TIMINGS.requestEveryMs);
  for (const line of [
    `${callers} clients send ${perSecond} requests a second with tokens from the issuer that live ` +
      `${WEB.tokenLifetimeS} s, some ${BATCH.tokenLifetimeS} s.`,
    'Lifetimes and caches are cut to seconds, for the verifiers and in Keyturn’s settings alike;',
    'the rules are the real ones. Of what gates answer, the checks that pass are left out.',
    `Collector: ${fleet.collectorUrl}`,
  ]) {
    tell.plain(line);
  }
}

/** Shows every verifier one forged token: a verifier that takes it proves nothing by accepting. */
export async function tryForgeries(
  fleet: Fleet,
): Promise<{ readonly tried: number; readonly accepted: number }> {
  const forged = await forgeToken(fleet.issuer.issuer, fleet.issuer.facts().signsWith);
  let tried = 0;
  let accepted = 0;
  for (const url of fleet.targets.values()) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${forged}` } });
    await response.arrayBuffer();
    tried += 1;
    if (response.ok) accepted += 1;
  }
  return { tried, accepted };
}

function duration(seconds: number): string {
  return seconds >= 3_600 ? `${Math.round(seconds / 3_600)} h` : `${seconds} s`;
}

export function tellSummary(tell: Narrator, summary: Summary, truth: TruthKeeper): void {
  const { documentedTokenS } = TIMINGS;
  tell.blank();
  tell.title(summary.mode === 'gated' ? 'Summary' : 'Summary of the impatient rotation');
  tell.table([
    ['valid tokens tried', String(summary.validTokensTried)],
    ['valid tokens rejected', String(summary.validTokensRejected)],
    ['forged tokens accepted', `${summary.forgedTokensAccepted} of ${summary.forgedTokensTried}`],
    ['both keys published for', duration(summary.overlapSeconds)],
    ['a fixed wait', `${duration(summary.fixedWaitSeconds)}, "give it a day"`],
    [
      'a runbook’s wait',
      `${duration(summary.runbookWaitSeconds)}, documented lifetime ${documentedTokenS} s + longest cache ${LONGEST_CACHE_S} s`,
    ],
  ]);
  tell.plain(
    `Neither wait knows of warehouse, whose keys come with a deployment; the runbook’s misses the ` +
      `tokens of ${BATCH.tokenLifetimeS} s as well.`,
  );
  tellAlert(tell, summary);
  tellGates(tell, summary);
  if (summary.validTokensRejected === 0) return;
  tell.blank();
  tell.plain('Rejected valid tokens, by verifier, key and the verifier’s own reason:');
  tell.table(rejectionRows(truth.rejections(), roleOf));
}

function roleOf(kid: string): string {
  if (kid === NEW_KID) return `new key ${kid}`;
  return kid === OLD_KID ? `old key ${kid}` : kid;
}

function tellAlert(tell: Narrator, { alert }: Summary): void {
  if (alert === null) return;
  const { name, raisedAfterSeconds, overAfterSeconds } = alert;
  const end =
    overAfterSeconds === null
      ? 'It was too late to go back.'
      : `It was over ${overAfterSeconds} s after going back.`;
  tell.plain(
    `On-call was told by ${name} ${raisedAfterSeconds} s after the first rejection. ${end}`,
  );
}

function tellGates(tell: Narrator, summary: Summary): void {
  tell.blank();
  tell.table([
    ['gate', 'first answer', 'because of', 'opened after'],
    ...Object.entries(summary.gates).map(([gate, timing]) => [
      gate,
      timing.firstAnswer,
      timing.firstReasons.join(', ').slice(0, 50) || '-',
      timing.waitedSeconds === null ? 'never' : `${timing.waitedSeconds} s`,
    ]),
  ]);
}

export function tellFailure(tell: Narrator, error: unknown): void {
  tell.blank();
  for (const line of messageOf(error).split('\n')) tell.plain(line);
}
