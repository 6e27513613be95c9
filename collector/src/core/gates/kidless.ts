import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check, Offender } from '@keyturn/shared/model/verdict.ts';
import { groupsOfIssuer } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import type { Now, State } from '../state.ts';
import { usageKey } from '../state.ts';
import { longestLifetimeMs } from '../timing.ts';
import { fail, offender, pass, unknown } from './check.ts';
import { Offenders } from './dependents.ts';

/** What tokens without a kid mean to the gate that asks. */
export interface WhyKidless {
  readonly marginMs: (state: State) => number;
  /** What is wrong with them, for a person. */
  readonly sentence: string;
}

/**
 * Nothing tells which key a token without a kid was signed by: none may have been accepted for the
 * longest token lifetime.
 */
export function tokensHaveKid(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
  why: WhyKidless,
): Check {
  const usage = state.usage.get(usageKey(rotation.issuer, null));
  if (usage === undefined) {
    return pass('tokens_have_kid', 'evidence', 'no token without a kid has been accepted');
  }
  if (usage.acceptedWithoutExp > 0) {
    return fail(
      'tokens_have_kid',
      'evidence',
      `${why.sentence}; ${counted(usage.acceptedWithoutExp, 'accepted token')} had no expiry either`,
      {
        offenders: kidlessAccepters(state, rotation),
        sinceMs: usage.firstAcceptedAtMs,
        help: 'replace those tokens, then waive this check with `keyturn waive`',
      },
    );
  }
  const keys = state.issuers.get(rotation.issuer)?.keys.values() ?? [];
  const tmaxMs = longestLifetimeMs(policy, state.usage.values(), keys);
  if (tmaxMs === null) {
    return unknown(
      'tokens_have_kid',
      'evidence',
      'tokens without a kid have been accepted, and their longest lifetime is unknown',
      { sinceMs: usage.firstAcceptedAtMs, help: 'set issuers[].max_token_lifetime' },
    );
  }
  // A token that does not say when it was signed shows how long it lives by its `exp` alone.
  const latestExpMs = (usage.highestExpS ?? 0) * 1_000;
  const clearsAtMs =
    Math.max(usage.lastAcceptedAtMs + tmaxMs, latestExpMs) + policy.skewMs + why.marginMs(state);
  if (now.earliestMs >= clearsAtMs) {
    return pass(
      'tokens_have_kid',
      'evidence',
      `the last token without a kid was accepted at ${moment(usage.lastAcceptedAtMs)}`,
    );
  }
  return fail('tokens_have_kid', 'evidence', why.sentence, {
    offenders: kidlessAccepters(state, rotation),
    sinceMs: usage.firstAcceptedAtMs,
    clearsAtMs,
    help: 'make the issuer set `kid` in every token header',
  });
}

function kidlessAccepters(state: State, rotation: RotationRecord): readonly Offender[] {
  const found = new Offenders();
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    found.addAll(group.members, (verifier) => {
      const row = verifier.record.counts.find(
        (counts) => counts.issuer === rotation.issuer && counts.key.kind === 'none',
      );
      return (row?.outcomes.ok ?? 0) === 0
        ? undefined
        : offender(
            verifier,
            'kid_missing',
            row?.lastAcceptedAtMs ?? null,
            'accepts tokens without a kid',
          );
    });
  }
  return found.shown;
}
