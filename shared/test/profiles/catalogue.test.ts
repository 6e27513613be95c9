import t from 'tap';
import { z } from 'zod';
import { ID_LIMITS, nameProblem } from '../../src/model/ids.ts';
import type { ProfileFacts } from '../../src/model/profile.ts';
import {
  allProfileFacts,
  allProfiles,
  profileFacts,
  UNKNOWN_PROFILE,
  withOverrides,
} from '../../src/profiles/catalogue.ts';

const text = z.string().nullable();
const seconds = z.number().nonnegative().nullable();
const wordy = z.union([z.boolean(), z.string()]).nullable();

const entrySchema = z.strictObject({
  id: z.string(),
  name: z.string().min(1),
  ecosystem: z.string().min(1),
  version_read: text,
  source: z.string().min(1),
  evidence: z.array(z.enum(['ran', 'src', 'doc', 'gk'])).min(1),
  cache_kind: text,
  refresh_default_s: seconds,
  refresh_mode: text,
  refetch_on_unknown_kid: wordy,
  refetch_on_bad_signature: wordy,
  cooldown_s: z.union([z.number().nonnegative(), z.string()]).nullable(),
  negative_caching: text,
  honours_cache_control: wordy,
  stale_on_error: wordy,
  stale_on_error_max_s: seconds,
  fetch_failure_wipes_cache: z.boolean().nullable(),
  max_new_kid_rejection_s: seconds,
  max_acceptance_after_removal_s: seconds,
  acceptance_after_removal_unbounded: z.boolean().nullable(),
  removed_key_purged_by_unknown_kid_probe: text,
  verified_token_cache: text,
  check_order: text,
  errors: z.record(z.string(), z.string()).nullable(),
  observability: z.array(z.string()),
  notes: text,
  general_knowledge_fields: z.array(z.string()),
  gates: z.strictObject({
    refresh_s: seconds,
    refetches_on_unknown_kid: z.boolean(),
    cooldown_s: seconds,
    new_kid_refused_s: seconds,
    removed_key_accepted_s: seconds,
    replaces_whole_set: z.boolean(),
    several_caches: z.boolean(),
    caches_verified_tokens: z.boolean(),
    static_keys: z.boolean(),
    drop_now: z.string().min(1),
    jwks_bytes_max: z.number().int().positive().nullable(),
    jwks_keys_max: z.number().int().positive().nullable(),
    algs: z
      .array(z.string().regex(/^[A-Z][A-Za-z0-9]+$/))
      .min(1)
      .nullable(),
    unknown_key_spoils_set: z.boolean().nullable(),
    why: z.string(),
  }),
});

t.test('the file has the shape its type promises', (t) => {
  z.array(entrySchema).length(45).parse(allProfiles());
  const ids = allProfiles().map((entry) => entry.id);
  t.equal(new Set(ids).size, ids.length, 'ids are unique');
  for (const id of ids) t.equal(nameProblem(id, ID_LIMITS.serviceBytes), undefined, id);
  t.equal(allProfileFacts().size, 45);
  t.equal(profileFacts('npm-nothing'), undefined);
  t.end();
});

/** refresh, refetches, cooldown, new kid refused, removed key accepted, then what it is like. */
type Row = readonly [
  id: string,
  refreshS: number | null,
  refetchesOnUnknownKid: boolean,
  cooldownS: number | null,
  newKidRefusedS: number | null,
  removedKeyAcceptedS: number | null,
  traits: string,
];

const ROWS: readonly Row[] = [
  ['npm-jose', 600, true, 30, 30, 600, 'whole'],
  ['npm-jwks-rsa', 600, true, 0, 0, 600, ''],
  ['npm-get-jwks', 60, true, 0, 0, null, ''],
  ['npm-aws-jwt-verify', null, true, 10, 10, null, 'whole'],
  ['npm-hono-jwk', 0, true, 0, 0, 0, 'whole'],
  ['npm-passport-jwt', null, false, null, null, null, 'static'],
  ['go-oidc', null, true, 0, 0, null, 'whole'],
  ['java-auth0-jwks-rsa', null, true, null, null, null, ''],
  ['java-smallrye-jwt', null, true, 1_800, 1_800, null, 'whole'],
  ['py-pyjwt', 300, true, 0, 0, 300, 'whole several'],
  ['dotnet-identitymodel', null, true, 300, 300, null, ''],
  ['envoy-jwt-authn-sync', 600, false, null, 600, 600, 'whole several'],
  ['envoy-jwt-authn-async', 595, false, null, 595, null, 'whole'],
  ['apisix-openid-connect', 86_400, true, 0, 0, null, 'tokens'],
  ['google-espv2', 300, false, null, 300, null, 'whole tokens'],
  ['haproxy-jwt-verify', null, false, null, null, null, 'static'],
  ['kong-jwt', null, false, null, null, null, 'several static'],
  ['cloudflare-api-shield', null, false, null, null, null, 'several static'],
];

t.test('what gates reckon with', (t) => {
  for (const row of ROWS) {
    const facts = profileFacts(row[0]);
    t.same(facts && [...numbers(facts), traits(facts)], row, row[0]);
  }
  t.end();
});

function numbers(facts: ProfileFacts) {
  return [
    facts.id,
    facts.refreshS,
    facts.refetchesOnUnknownKid,
    facts.cooldownS,
    facts.newKidRefusedS,
    facts.removedKeyAcceptedS,
  ];
}

function traits(facts: ProfileFacts): string {
  return [
    facts.replacesWholeSet && 'whole',
    facts.severalCaches && 'several',
    facts.cachesVerifiedTokens && 'tokens',
    facts.staticKeys && 'static',
  ]
    .filter((trait) => trait !== false)
    .join(' ');
}

t.test('what a JWKS and an algorithm may be', (t) => {
  const limits = (id: string) => {
    const facts = profileFacts(id);
    return [facts?.jwksBytesMax, facts?.jwksKeysMax, facts?.algs, facts?.unknownKeySpoilsSet];
  };
  t.same(limits('java-nimbus'), [51_200, null, null, null]);
  t.same(limits('aws-alb-jwt'), [150_000, 10, ['RS256'], null]);
  t.same(limits('go-jwx-cache'), [null, 1_000, null, null]);
  t.same(limits('go-keyfunc-jwkset'), [null, null, null, true]);
  t.same(limits('py-pyjwt'), [null, null, null, true]);
  t.same(limits('go-oidc'), [null, null, ['RS256'], true]);
  t.same(limits('npm-jwks-rsa'), [null, null, null, false]);
  t.ok(profileFacts('npm-jose')?.algs?.includes('ES256'));
  for (const { id, gates } of allProfiles()) {
    const limited = gates.jwks_bytes_max !== null || gates.jwks_keys_max !== null;
    if (limited || gates.unknown_key_spoils_set === true) t.not(gates.why, '', `${id} says why`);
  }
  const { jwksBytesMax, jwksKeysMax, algs, unknownKeySpoilsSet } = UNKNOWN_PROFILE;
  t.same([jwksBytesMax, jwksKeysMax, algs, unknownKeySpoilsSet], [null, null, null, null]);
  t.end();
});

t.test('no entry promises gates more than its own figures', (t) => {
  for (const entry of allProfiles()) {
    const { gates } = entry;
    const atLeast = (name: string, bound: number | null, figure: number | null) =>
      t.ok(bound === null || figure === null || bound >= figure, `${entry.id} ${name}`);
    atLeast('new kid', gates.new_kid_refused_s, entry.max_new_kid_rejection_s);
    atLeast('removed key', gates.removed_key_accepted_s, entry.max_acceptance_after_removal_s);
    atLeast('refresh', gates.refresh_s, entry.refresh_default_s);

    const endless =
      entry.acceptance_after_removal_unbounded === true ||
      entry.stale_on_error === true ||
      gates.caches_verified_tokens ||
      gates.static_keys;
    if (endless) t.equal(gates.removed_key_accepted_s, null, `${entry.id} never passes on time`);
    if (gates.static_keys) t.equal(gates.new_kid_refused_s, null, `${entry.id} waits for a push`);
    if (gates.refetches_on_unknown_kid) t.equal(entry.refetch_on_unknown_kid, true, entry.id);
    if (gates.new_kid_refused_s === null || gates.removed_key_accepted_s === null) {
      t.ok(gates.why !== '' || gates.static_keys, `${entry.id} says why there is no bound`);
    }
  }
  t.end();
});

t.test('every entry says how a removed key is got rid of at once', (t) => {
  for (const entry of allProfiles()) {
    const { gates } = entry;
    const says = (what: RegExp): boolean => what.test(gates.drop_now);
    t.match(gates.drop_now, /^[A-Z].*\.$/, `${entry.id} says it in sentences`);
    t.ok(gates.drop_now.length <= 250, `${entry.id} says it shortly`);
    t.equal(profileFacts(entry.id)?.dropNow, gates.drop_now);
    // What an unknown kid does is in the entry: a tip must neither invent nor hide it.
    const probe = entry.removed_key_purged_by_unknown_kid_probe;
    if (probe !== null) t.ok(says(/unknown kid|ssl jwt/), `${entry.id} tells of an unknown kid`);
    const isAdvised = says(/(?:send|try) (?:each )?one token with an unknown kid/i);
    if (isAdvised) t.match(probe, /^(?:yes|probably)/, `${entry.id} advises what is known to work`);
    if (probe?.startsWith('no') === true) t.notOk(isAdvised, `${entry.id} advises nothing vain`);
  }
  t.ok(UNKNOWN_PROFILE.dropNow.startsWith('Restart'));
  t.end();
});

t.test('an unknown profile is the worst one, and statements replace single facts', (t) => {
  t.same(traits(UNKNOWN_PROFILE), 'several tokens');
  t.same(numbers(UNKNOWN_PROFILE), ['', null, false, null, null, null]);
  const own = withOverrides(UNKNOWN_PROFILE, {
    refreshS: 60,
    severalCaches: false,
    cooldownS: undefined,
  });
  t.match(own, { refreshS: 60, severalCaches: false, cooldownS: null, newKidRefusedS: null });
  t.equal(UNKNOWN_PROFILE.refreshS, null, 'the original is left alone');
  t.end();
});
