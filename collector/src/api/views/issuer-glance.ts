import { groupsOfIssuer } from '../../core/fleet.ts';
import { staleSightingMs } from '../../core/gates/health.ts';
import { openRotations } from '../../core/rotation.ts';
import { type IssuerState, keyIdentity, type State, type VantageState } from '../../core/state.ts';
import { isoMomentOrNull } from '../../iso-moment.ts';
import type { FleetTotalsView, IssuerGlanceView, JwksStanding } from '../schemas/glance.ts';

const FAILING_SHOWN_MAX = 3;

const ORDER: readonly JwksStanding[] = ['failing', 'unread', 'readable', 'none'];

/** Every issuer in a line, those in trouble first, then by name. */
export function issuerGlances(state: Readonly<State>): IssuerGlanceView[] {
  const open = new Map<string, number>();
  for (const { issuer } of openRotations(state)) open.set(issuer, (open.get(issuer) ?? 0) + 1);
  return [...state.issuers.values()]
    .map((issuer) => issuerGlance(state, issuer, open.get(issuer.issuer) ?? 0))
    .sort((a, b) => rank(a) - rank(b) || (a.issuer < b.issuer ? -1 : 1));
}

/** One issuer in a line. */
export function issuerGlance(
  state: Readonly<State>,
  issuer: IssuerState,
  openCount: number,
): IssuerGlanceView {
  const policy = state.policy.issuers.get(issuer.issuer);
  const vantages = [...issuer.vantages.values()];
  const failing = vantages.filter((vantage) => vantage.latest?.sighting.result.ok === false);
  return {
    issuer: issuer.issuer,
    control: policy?.control ?? 'ours',
    shared_secrets: policy?.sharedSecrets ?? false,
    standing: standingOf(vantages, failing),
    read_counts_until_at: isoMomentOrNull(readCountsUntilMs(state, issuer)),
    vantages: vantages.length,
    failing: failing.slice(0, FAILING_SHOWN_MAX).map(failureView),
    more_failing: Math.max(0, failing.length - FAILING_SHOWN_MAX),
    differs: differs(vantages),
    keys_published: published(issuer),
    reused_kids: issuer.reusedKids.size,
    open_rotations: openCount,
    fleet: fleetTotals(state, issuer.issuer),
  };
}

/** Until when the latest look at one vantage says something of the present, Unix ms; null: no look. */
export function countsUntilMs(
  state: Readonly<State>,
  issuer: IssuerState,
  { latest }: VantageState,
): number | null {
  const policy = state.policy.issuers.get(issuer.issuer);
  return latest === null || policy === undefined ? null : latest.atMs + staleSightingMs(policy);
}

function readCountsUntilMs(state: Readonly<State>, issuer: IssuerState): number | null {
  let earliest: number | null = null;
  for (const vantage of issuer.vantages.values()) {
    const untilMs = countsUntilMs(state, issuer, vantage);
    if (untilMs !== null) earliest = Math.min(earliest ?? untilMs, untilMs);
  }
  return earliest;
}

function standingOf(
  vantages: readonly VantageState[],
  failing: readonly VantageState[],
): JwksStanding {
  if (vantages.length === 0) return 'none';
  if (failing.length > 0) return 'failing';
  return vantages.some(({ latest }) => latest === null) ? 'unread' : 'readable';
}

function failureView(vantage: VantageState): IssuerGlanceView['failing'][number] {
  const result = vantage.latest?.sighting.result;
  return {
    url: vantage.url,
    message: result?.ok === false ? result.message : '',
    since_at: isoMomentOrNull(vantage.failingSinceMs),
  };
}

/** Whether two readable documents hold different keys. */
function differs(vantages: readonly VantageState[]): boolean {
  let first: string | null = null;
  for (const { latest } of vantages) {
    const result = latest?.sighting.result;
    if (result?.ok !== true) continue;
    const identities = result.keys.map(keyIdentity).sort().join('\n');
    if (first !== null && first !== identities) return true;
    first = identities;
  }
  return false;
}

function published({ keys }: IssuerState): number {
  let count = 0;
  for (const { publishedAtMs, withdrawnAtMs } of keys.values()) {
    if (publishedAtMs !== null && withdrawnAtMs === null) count += 1;
  }
  return count;
}

function fleetTotals(state: Readonly<State>, issuer: string): FleetTotalsView {
  const totals = { services: 0, verifiers: 0, silent: 0, joined: 0 };
  for (const group of groupsOfIssuer(state.fleet, issuer)) {
    totals.services += 1;
    totals.verifiers += group.members.size;
    totals.silent += group.silent.size;
    totals.joined += group.joined.size;
  }
  return { ...totals, reporting: totals.verifiers - totals.silent - totals.joined };
}

function rank({ standing, differs: isSplit, reused_kids: reused }: IssuerGlanceView): number {
  return reused > 0 ? 0 : isSplit ? 0.5 : ORDER.indexOf(standing);
}
