import { counted } from '@keyturn/shared/model/counted.ts';
import type { ProfileView, VerifierView } from '../../api/schemas/fleet.ts';
import { table } from './table.ts';
import { ago } from './time.ts';
import { nameOf } from './verdict.ts';

/** One line per verifier. */
export function verifiersText(
  body: { readonly verifiers: readonly VerifierView[]; readonly next: string | null },
  nowMs: number,
): string {
  if (body.verifiers.length === 0) return 'no verifier matches\n';
  const lines = table([
    ['VERIFIER', 'KIND', 'STATES', 'NEW KEY', 'OLD KEY', 'KEYS FETCHED', 'REPORTED', 'DETAIL'],
    ...body.verifiers.map((verifier) => verifierRow(verifier, nowMs)),
  ]);
  if (body.next !== null) lines.push('there are more: narrow the list, or raise --limit');
  return `${lines.join('\n')}\n`;
}

function verifierRow(verifier: VerifierView, nowMs: number): string[] {
  const standings = verifier.rotations;
  const fetched = verifier.key_sets
    .map((set) => set.data_at)
    .filter((at) => at !== null)
    .sort()[0];
  const failing = verifier.key_sets.find((set) => set.consecutive_failures > 0);
  const details = standings.map((standing) => standing.detail);
  if (failing !== undefined) {
    details.push(
      `fetch failed ${counted(failing.consecutive_failures, 'time')}${failing.last_error === null ? '' : ` (${failing.last_error})`}`,
    );
  }
  details.push(...verifier.probes.flatMap((probe) => probeDetail(probe, nowMs)));
  return [
    nameOf(verifier),
    verifier.kind,
    verifier.states.join(','),
    standings.map((standing) => standing.holds_new).join(',') || '-',
    standings.map((standing) => standing.holds_old).join(',') || '-',
    ago(fetched ?? null, nowMs),
    ago(verifier.reported_at, nowMs),
    details.join('; '),
  ];
}

function probeDetail(probe: VerifierView['probes'][number], nowMs: number): string[] {
  const answers = probe.answers.map(({ role, outcome, status }) =>
    outcome === 'unclear' && status !== null ? `${role} ${status}` : `${role} ${outcome}`,
  );
  const took = `took a bogus signature ${ago(probe.bogus_accepted_at, nowMs)}`;
  return [
    ...(answers.length === 0
      ? []
      : [`canaries ${ago(probe.probed_at, nowMs)}: ${answers.join(', ')}`]),
    ...(probe.bogus_accepted_at === null ? [] : [took]),
  ];
}

/** The catalogue, one line per kind. */
export function profilesText(profiles: readonly ProfileView[]): string {
  const lines = table([
    ['PROFILE', 'REFRESH', 'REFETCHES', 'NEW KID REFUSED', 'REMOVED KEY ACCEPTED', 'NAME'],
    ...profiles.map((profile) => [
      profile.id,
      seconds(profile.refresh_s, 'never'),
      profile.refetches_on_unknown_kid
        ? `on miss, ${seconds(profile.cooldown_s, '?')} cooldown`
        : 'no',
      seconds(profile.new_kid_refused_s, 'unbounded'),
      seconds(profile.removed_key_accepted_s, 'unbounded'),
      profile.name,
    ]),
  ]);
  return `${lines.join('\n')}\n`;
}

/** One kind in full. */
export function profileText(profile: ProfileView): string {
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const rows = [
    ['replaces its key set after', seconds(profile.refresh_s, 'never by time')],
    ['fetches when it meets an unknown kid', yes(profile.refetches_on_unknown_kid)],
    ['shortest time between such fetches', seconds(profile.cooldown_s, 'not known')],
    ['may refuse a new key for, after publication', seconds(profile.new_kid_refused_s, 'no bound')],
    ['may accept a removed key for', seconds(profile.removed_key_accepted_s, 'no bound')],
    ['a refresh replaces the whole set', yes(profile.replaces_whole_set)],
    ['several caches may stand behind one report', yes(profile.several_caches)],
    ['accepts tokens seen before without looking at keys', yes(profile.caches_verified_tokens)],
    ['keys are configured, not fetched', yes(profile.static_keys)],
    ['takes a JWKS of at most', limit(profile.jwks_bytes_max, 'bytes')],
    ['takes at most', limit(profile.jwks_keys_max, 'keys')],
    ['accepts the algorithms', profile.algs?.join(', ') ?? 'not known'],
    [
      'one key of an unknown type spoils the whole set',
      profile.unknown_key_spoils_set === null ? 'not known' : yes(profile.unknown_key_spoils_set),
    ],
  ];
  return `${[
    `${profile.id}: ${profile.name}`,
    ...table(rows).map((line) => `  ${line}`),
    `  to make it give up a removed key at once: ${profile.drop_now}`,
  ].join('\n')}\n`;
}

function limit(value: number | null, unit: string): string {
  return value === null ? 'no limit known' : `${value} ${unit}`;
}

function seconds(value: number | null, none: string): string {
  return value === null ? none : `${value}s`;
}
