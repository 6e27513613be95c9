import t from 'tap';
import type { IssuerView, ProfileView } from '../../src/api/schemas/fleet.ts';
import type { ReceiverView } from '../../src/api/schemas/receiver.ts';
import type { ServiceView } from '../../src/api/schemas/service.ts';
import type { StatusView } from '../../src/api/schemas/status.ts';
import { diagnose, type Examination } from '../../src/cli/diagnose.ts';
import { AT, AT_MS } from './verdicts.ts';

const VANTAGE = {
  url: 'https://issuer.example/jwks',
  fetched_at: AT,
  readable_at: AT,
  consecutive_failures: 0,
  failing_since_at: null,
  error: null,
  message: null,
};

const ISSUER: IssuerView = {
  issuer: 'https://issuer.example',
  control: 'ours' as const,
  healthy: true,
  shared_secrets: false,
  max_token_lifetime_s: 600,
  vantages: [VANTAGE],
  keys: [],
  reused_kids: [],
};

const GROUP: ServiceView['issuers'][number] = {
  issuer: 'https://issuer.example',
  instances_expected: 2,
  instances_at_most: null,
  instances_live: 2,
  verifiers: 2,
  reporting: 2,
  silent: 0,
  joined: 0,
  uncounted: 0,
  waits_for: [],
};

const SERVICE: ServiceView = {
  name: 'orders',
  declared: true,
  kind: 'instrumented',
  judged_by: 'evidence',
  required: true,
  evidence: 'present',
  profile: 'jose',
  population: null,
  shipping_interval_s: null,
  issuers: [GROUP],
};

const POPULATION: NonNullable<ServiceView['population']> = {
  cohorts: [{ percentile: 99.9, within_s: 60 }],
  cover_percentile: 99,
  covered_percentile: 99.9,
  covered_within_s: 60,
  uncovered_percent: 0.1,
};

const APP = {
  name: 'mobile-app',
  kind: 'unmanaged',
  evidence: 'timed',
  judged_by: 'population',
  population: POPULATION,
} as const;

const PROFILE: ProfileView = {
  id: 'jose',
  name: 'jose',
  refresh_s: 600,
  refetches_on_unknown_kid: true,
  cooldown_s: 30,
  new_kid_refused_s: null,
  removed_key_accepted_s: 600,
  replaces_whole_set: true,
  several_caches: false,
  caches_verified_tokens: false,
  static_keys: false,
  drop_now: 'Restart it.',
  jwks_bytes_max: null,
  jwks_keys_max: null,
  algs: null,
  unknown_key_spoils_set: null,
};

const STATUS: StatusView = {
  version: '1.0.0',
  now_at: AT,
  started_at: AT,
  hold_down_until_at: null,
  store_failing_since_at: null,
  refused_verifiers: 0,
  dropped_rotations: 0,
  dropped_alerts: 0,
  dropped_notices: 0,
  alerts: [],
  more_alerts: 0,
  fleet: {
    verifiers_known: 2,
    issuers: [
      {
        issuer: 'https://issuer.example',
        services: 1,
        verifiers: 2,
        reporting: 2,
        silent: 0,
        joined: 0,
      },
    ],
  },
  issuers: [ISSUER],
  rotations: [],
  more_rotations: 0,
};

const RECEIVER: ReceiverView = {
  name: 'on-call',
  type: 'pagerduty',
  hosts: ['events.pagerduty.com'],
  failing_since_at: null,
  error: null,
  delivered_at: AT,
  waiting: 0,
  given_up: 0,
};

const GOOD: Examination = {
  status: STATUS,
  services: [SERVICE],
  profiles: [PROFILE],
  receivers: [RECEIVER],
  fallbackProfile: 'unknown',
  token: { kind: 'file', file: 'data/operator-token', mode: 0o600, problem: '', accepted: true },
  cliVersion: '1.0.0',
  askedAtMs: AT_MS + 300,
};

t.test('all is well', async (t) => {
  const findings = diagnose(GOOD);
  t.ok(findings.every((finding) => finding.level === 'ok' && finding.todo === ''));
  t.equal(findings.length, 9);
});

t.test('what is not, with what to do', async (t) => {
  const status = (more: Partial<StatusView>): Partial<Examination> => ({
    status: { ...STATUS, ...more },
  });
  const issuer = (more: Partial<IssuerView>) => status({ issuers: [{ ...ISSUER, ...more }] });
  const group = (
    more: Partial<typeof GROUP>,
    rest: Partial<ServiceView> = {},
  ): Partial<Examination> => ({
    services: [{ ...SERVICE, ...rest, issuers: [{ ...GROUP, ...more }] }],
  });
  const token = (more: object): Partial<Examination> => ({
    token: { ...GOOD.token, ...more },
  });
  const receiver = (more: Partial<ReceiverView>): Partial<Examination> => ({
    receivers: [{ ...RECEIVER, ...more }],
  });
  const rows: [Partial<Examination>, 'warn' | 'fail', RegExp][] = [
    [{ receivers: [] }, 'warn', /nobody is told of alerts/],
    [receiver({ delivered_at: null }), 'warn', /on-call was sent nothing since/],
    [receiver({ given_up: 2 }), 'warn', /on-call was not told 2 pieces of news/],
    [
      receiver({ failing_since_at: AT, error: 'status 503', waiting: 3 }),
      'fail',
      /on-call does not take what it is sent since .*: status 503; 3 wait for it/,
    ],
    [{ cliVersion: '2.0.0' }, 'warn', /collector is version 1.0.0, this CLI 2.0.0/],
    [{ askedAtMs: AT_MS + 6_000 }, 'warn', /clocks .* 6s apart/],
    [{ askedAtMs: AT_MS - 400_000 }, 'fail', /clocks .* apart/],
    [status({ store_failing_since_at: AT }), 'fail', /store refuses writes/],
    [status({ hold_down_until_at: AT }), 'warn', /started a moment ago/],
    [status({ refused_verifiers: 4 }), 'warn', /4 hellos/],
    [
      status({ issuers: [], fleet: { verifiers_known: 0, issuers: [] } }),
      'fail',
      /no issuer is configured/,
    ],
    [
      status({
        fleet: {
          verifiers_known: 3,
          issuers: [
            { issuer: 'foreign', services: 1, verifiers: 1, reporting: 1, silent: 0, joined: 0 },
          ],
        },
      }),
      'warn',
      /^issuer foreign is not configured, and 1 verifier would take its tokens/,
    ],
    [
      issuer({ vantages: [{ ...VANTAGE, message: 'no answer in 5s' }] }),
      'fail',
      /cannot be used: no answer in 5s/,
    ],
    [issuer({ vantages: [{ ...VANTAGE, fetched_at: null }] }), 'warn', /not been read yet/],
    [issuer({ reused_kids: ['k'] }), 'fail', /1 kids for more than one key: k/],
    [issuer({ max_token_lifetime_s: null }), 'warn', /token lifetime .* not known/],
    [token({ mode: null, problem: 'ENOENT' }), 'warn', /cannot be read: ENOENT/],
    [token({ mode: 0o644 }), 'fail', /mode 0644/],
    [token({ accepted: false }), 'fail', /refuses the operator token/],
    [{ services: [] }, 'warn', /no service is declared/],
    [group({}, { declared: false }), 'warn', /not declared/],
    [group({ instances_live: 1 }), 'warn', /1 of 2 instances/],
    [group({ instances_expected: null, instances_live: 0 }), 'warn', /0 of 1 instances/],
    [
      group({}, { profile: 'unknown' }),
      'warn',
      /nothing is known of how service orders caches keys/,
    ],
    [group({}, { evidence: 'timed', judged_by: 'timed' }), 'fail', /profile jose knows no bound/],
    [group({ instances_at_most: 1 }), 'warn', /shows 2 instances.* at most 1 are declared/],
    [
      group({ instances_expected: 0, verifiers: 1 }, APP),
      'warn',
      /somebody reports as service mobile-app/,
    ],
    [
      group({ verifiers: 0 }, { ...APP, population: { ...POPULATION, covered_percentile: null } }),
      'fail',
      /no declared cohort of service mobile-app covers 99 % of it/,
    ],
    [group({ silent: 1 }), 'warn', /1 verifier of service orders is silent/],
    [
      status({
        fleet: {
          verifiers_known: 2,
          issuers: [
            {
              issuer: 'https://issuer.example',
              services: 1,
              verifiers: 2,
              reporting: 0,
              silent: 2,
              joined: 0,
            },
          ],
        },
      }),
      'fail',
      /all 2 verifiers of issuer https:\/\/issuer.example are silent/,
    ],
  ];
  for (const [change, level, what] of rows) {
    const bad = diagnose({ ...GOOD, ...change }).filter((finding) => finding.level !== 'ok');
    t.match(bad, [{ level, what, todo: /./ }], String(what));
    t.equal(bad.length, 1, `${what}: nothing else`);
  }
  t.notOk(
    diagnose({
      ...GOOD,
      ...group({ instances_live: 0 }, { evidence: 'attested', judged_by: 'attested' }),
    }).some((finding) => finding.level !== 'ok'),
    'attested services do not report',
  );
  t.notOk(
    diagnose({ ...GOOD, token: { kind: 'environment', accepted: null } }).some(
      (finding) => finding.level !== 'ok',
    ),
  );
});
