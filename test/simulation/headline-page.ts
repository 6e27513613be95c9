import { KEYTURN } from './headline.ts';
import {
  type Classes,
  classes,
  type Percentiles,
  type Row,
  rowOf,
  slowerThan,
} from './headline-rows.ts';
import type { Run } from './judge.ts';
import { PROOF } from './proof-page.ts';

export interface Size {
  readonly from: number;
  readonly seeds: number;
}

/** The rows of all policies, Keyturn first. */
export function rowsOf(runs: ReadonlyMap<string, readonly Run[]>): Row[] {
  return [...runs].map(([policy, all]) => rowOf(policy, all));
}

export function table(rows: readonly Row[]): string {
  const share = (n: number, of: number): string => `${n} (${percentText(n, of)})`;
  const range = ({ p10, p50, p90 }: Percentiles): string =>
    `${p50.toFixed(1)} (${p10.toFixed(1)}–${p90.toFixed(1)})`;
  return [
    '| policy | unsafe switches | unsafe withdrawals | rotations that refused valid tokens | valid tokens refused | not finished | hours to the switch | overlap, hours |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.policy} | ${share(row.unsafeSwitches, row.rotations)} | ${share(row.unsafeRetirements, row.rotations)} | ${share(row.harmed, row.rotations)} | ${row.refused} of ${row.presented} | ${row.unfinished} | ${range(row.switchHours)} | ${range(row.overlapHours)} |`,
    ),
  ].join('\n');
}

/** The page in docs, made by the command it names. */
export function page(runs: ReadonlyMap<string, readonly Run[]>, { from, seeds }: Size): string {
  const own = runs.get(KEYTURN) ?? [];
  return `# Rotations, simulated

Keyturn beside the waits people use today, on the same ${seeds} worlds (seeds ${from} to ${from + seeds - 1}). This page and
its picture are made by

<!-- not run: it makes this page, and takes from minutes to hours -->

\`\`\`sh
pnpm simulate --headline --seeds ${seeds} --from ${from} --workers 2
\`\`\`

A world is one issuer with several origins, edges and signers, and two to seven services of kinds drawn
from all 45 profiles of the catalogue: caches that refresh in minutes, in days or never, keys kept one
by one, worker caches, remembered tokens, keys installed by hand. Tokens live from 15 minutes to a
week. One in ten worlds each has a killed or replaced verifier, one that starts with the keys of its
image, a stale edge, an origin that goes back, an unreachable JWKS, a late signer, tokens longer than
declared, a lossy or cut network, a dead collector. Whether a step was safe is judged by what was
true, by the same few lines for every policy, with no excuse for any; refusals while the JWKS could
not be fetched are nobody's fault and not counted.

Each fault strikes at a step of the rotation, as each policy takes it; three worlds in ten have none.
Every service has an agent beside it, or a person who vouches for it. Whoever rotates by the clock
looks at nothing, so neither waits nor goes back when something breaks. Not in these worlds:
compromised keys, rotations taken back, clocks that step, disks that fail, dependents that nobody
sees, and signing keys of other kinds or other people. Worlds further down have those that the
simulator knows; what it does not know is listed at the end.

${table(rowsOf(runs))}

- *Unsafe switch*: a verifier that was up could not have verified the new key at that moment, not even
  by fetching it (a cooldown aside: what is refused within one counts as refused).
- *Unsafe withdrawal*: a valid token of the old key was alive.
- Hours are medians, with the 10th and 90th percentile. The overlap runs from publication to withdrawal.

![Harm and overlap by policy](simulation.svg)

${unsafeOpenings(own)}

${left(own)}

## Where Keyturn is slower than a guess

In worlds where a guess did no harm, Keyturn kept both keys longer than it in:

${[...runs]
  .filter(([policy]) => policy !== KEYTURN)
  .map(([policy, all]) => {
    const { slower, of, medianHours } = slowerThan(own, all);
    const by = slower === 0 ? '' : `, by ${medianHours.toFixed(1)} h in the median`;
    return `- ${policy}: ${slower} of ${of} harmless rotations (${percentText(slower, of)})${by}`;
  })
  .join('\n')}

It waits for the longest lifetime of any token declared or seen, plus an hour's margin, although most
tokens are gone earlier; for the slowest service, and for people where keys are installed by hand; and
after a restart it says nothing for one lease. A guess that is short is often lucky. Agents beat every
10 to 60 minutes here, so that weeks are quickly simulated; real ones beat every 15 seconds, and gates
see a change as much sooner.

${safer(rowsOf(runs))}

${PROOF}`;
}

/** Who refused valid tokens in fewer rotations than Keyturn, and what that took. */
function safer(rows: readonly Row[]): string {
  const own = rows.find(({ policy }) => policy === KEYTURN);
  const fewer = rows.filter(({ harmed }) => harmed < (own?.harmed ?? 0));
  if (fewer.length === 0) return 'No guess refused valid tokens in fewer rotations.';
  const told = fewer.map(
    ({ policy, harmed, rotations, overlapHours }) =>
      `- ${policy}: ${percentText(harmed, rotations)}, with both keys for ${overlapHours.p50.toFixed(1)} h in the median`,
  );
  return `Valid tokens were refused in fewer rotations than Keyturn's ${percentText(own?.harmed ?? 0, own?.rotations ?? 0)} by

${told.join('\n')}`;
}

function unsafeOpenings(own: readonly Run[]): string {
  const broken = own.filter((run) => run.broken.length > 0).length;
  const bound =
    broken === 0
      ? `With none in ${own.length}, the true rate is below ${rateText(3 / own.length)} with 95 % confidence (rule of three).`
      : `Found: ${[...new Set(own.flatMap((run) => run.broken))].slice(0, 5).join('; ')}.`;
  return `**Unsafe openings of Keyturn: ${broken} of ${own.length} rotations.** A gate that was acted on is an unsafe
opening when it was open against what the collector had been told, or would have been told by verifiers
that it knows to exist, one lease ago: a silent verifier, evidence older than publication, a cache
without the new key, a reported or declared token still alive. ${bound}`;
}

/** What is left for Keyturn: by why, so that nothing hides in a sum. */
function left(own: readonly Run[]): string {
  const list = (title: string, found: Classes): string[] =>
    found.size === 0
      ? [`- ${title}: none.`]
      : [
          `- ${title}:`,
          ...[...found].map(([why, times]) => `  - ${why || 'nothing explains it'}: ${times}`),
        ];
  return [
    'What is left for Keyturn in the table is what no report shows beforehand, counted here in rotations:',
    '',
    ...list(
      'unsafe switches',
      classes(own, (run) => (run.unsafeSwitch === null ? [] : [run.unsafeSwitch])),
    ),
    ...list(
      'unsafe withdrawals',
      classes(own, (run) => (run.unsafeRetire === null ? [] : [run.unsafeRetire])),
    ),
    ...list(
      'valid tokens refused',
      classes(own, (run) => Object.keys(run.refused)),
    ),
    ...list(
      'not finished after 20 days, waiting for',
      classes(own, (run) => (run.waitsFor === null ? [] : [run.waitsFor])),
    ),
  ].join('\n');
}

function percentText(n: number, of: number): string {
  return `${((100 * n) / Math.max(1, of)).toFixed(n > 0 && n / of < 0.001 ? 3 : 1)} %`;
}

function rateText(rate: number): string {
  return `${(100 * rate).toPrecision(2)} %`;
}
