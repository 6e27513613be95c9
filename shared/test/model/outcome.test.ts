import t from 'tap';
import { isAttributable, type Outcome, OUTCOMES } from '../../src/model/outcome.ts';

const ATTRIBUTABLE: Readonly<Record<Outcome, boolean>> = {
  ok: false,
  unknown_kid: true,
  unknown_kid_expired_token: false,
  unknown_kid_throttled: true,
  bad_signature: true,
  unknown_kid_or_bad_signature: true,
  jwks_unavailable: true,
  key_ambiguous: true,
  alg_rejected: true,
  expired: false,
  not_yet_valid: false,
  claims: false,
  malformed: false,
  unclassified: false,
};

t.test('which failures a rotation can cause', (t) => {
  for (const outcome of OUTCOMES) t.equal(isAttributable(outcome), ATTRIBUTABLE[outcome], outcome);
  t.same(Object.keys(ATTRIBUTABLE), OUTCOMES, 'every outcome is in the table');
  t.end();
});
