import { KEYTURN, type Run } from './headline.ts';

const HOUR_MS = 3_600_000;

/** One policy over all worlds. */
export interface Row {
  readonly policy: string;
  readonly rotations: number;
  readonly unsafeSwitches: number;
  readonly unsafeRetirements: number;
  /** Rotations in which a valid token was refused for want of a key. */
  readonly harmed: number;
  readonly refused: number;
  readonly unfinished: number;
  readonly overlapHours: Percentiles;
  readonly switchHours: Percentiles;
}

interface Percentiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

export function rowOf(policy: string, runs: readonly Run[]): Row {
  const hours = (values: readonly (number | null)[]): Percentiles => {
    const sorted = values
      .flatMap((ms) => (ms === null ? [] : [ms / HOUR_MS]))
      .sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
  };
  const count = (is: (run: Run) => boolean): number => runs.filter(is).length;
  return {
    policy,
    rotations: runs.length,
    unsafeSwitches: count((run) => run.unsafeSwitch),
    unsafeRetirements: count((run) => run.unsafeRetire),
    harmed: count((run) => run.refused > 0),
    refused: runs.reduce((sum, run) => sum + run.refused, 0),
    unfinished: count((run) => run.overlapMs === null),
    overlapHours: hours(runs.map((run) => run.overlapMs)),
    switchHours: hours(runs.map((run) => run.switchAfterMs)),
  };
}

/** In how many worlds Keyturn took longer than a policy that did no harm there. */
export function slowerThan(
  own: readonly Run[],
  other: readonly Run[],
): { slower: number; of: number } {
  let slower = 0;
  let of = 0;
  for (const [at, run] of own.entries()) {
    const rival = other[at];
    if (rival === undefined || run.overlapMs === null || rival.overlapMs === null) continue;
    if (rival.refused > 0 || rival.unsafeSwitch || rival.unsafeRetire) continue;
    of += 1;
    if (run.overlapMs > rival.overlapMs) slower += 1;
  }
  return { slower, of };
}

export function table(rows: readonly Row[]): string {
  const share = (n: number, of: number): string => `${n} (${((100 * n) / of).toFixed(1)} %)`;
  const range = ({ p10, p50, p90 }: Percentiles): string =>
    `${p50.toFixed(1)} (${p10.toFixed(1)}–${p90.toFixed(1)})`;
  return [
    '| policy | unsafe switches | unsafe withdrawals | rotations that refused valid tokens | valid tokens refused | not finished | hours to the switch | overlap, hours |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.policy} | ${share(row.unsafeSwitches, row.rotations)} | ${share(row.unsafeRetirements, row.rotations)} | ${share(row.harmed, row.rotations)} | ${row.refused} | ${row.unfinished} | ${range(row.switchHours)} | ${range(row.overlapHours)} |`,
    ),
  ].join('\n');
}

/** Overlap against harm, one point per policy. */
export function picture(rows: readonly Row[]): string {
  const [left, right, top, bottom] = [80, 700, 30, 330];
  const x = (hours: number): number =>
    left + ((right - left) * Math.log(Math.max(1, hours))) / Math.log(400);
  const worst = Math.max(1, ...rows.map((row) => (100 * row.harmed) / row.rotations));
  const y = (percent: number): number => bottom - ((bottom - top) * percent) / worst;
  const marks = rows.map((row, at) => {
    const [cx, cy] = [x(row.overlapHours.p50), y((100 * row.harmed) / row.rotations)];
    const isOurs = row.policy === KEYTURN;
    const colour = isOurs ? '#0a7d33' : '#b3261e';
    const span = `<line x1="${x(row.overlapHours.p10).toFixed(1)}" x2="${x(row.overlapHours.p90).toFixed(1)}" y1="${cy.toFixed(1)}" y2="${cy.toFixed(1)}" stroke="${colour}" stroke-opacity="0.35" stroke-width="3"/>`;
    const label = `<text x="${(cx + 9).toFixed(1)}" y="${(cy + (at % 2 === 0 ? -8 : 16)).toFixed(1)}" fill="${colour}">${row.policy}</text>`;
    return `${span}<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${isOurs ? 7 : 5}" fill="${colour}"/>${label}`;
  });
  const ticks = [1, 6, 24, 48, 168, 336].map(
    (hours) =>
      `<line x1="${x(hours).toFixed(1)}" x2="${x(hours).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="#ddd"/><text x="${x(hours).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${hours} h</text>`,
  );
  const levels = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const level = y(part * worst).toFixed(1);
    return `<line x1="${left}" x2="${right}" y1="${level}" y2="${level}" stroke="#eee"/><text x="${left - 8}" y="${level}" text-anchor="end" dominant-baseline="middle">${(part * worst).toFixed(0)} %</text>`;
  });
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 390" font-family="sans-serif" font-size="12" role="img" aria-label="Overlap and harm by policy">',
    '<rect width="860" height="390" fill="#fff"/>',
    ...levels,
    ...ticks,
    ...marks,
    `<text x="${(left + right) / 2}" y="${bottom + 42}" text-anchor="middle">overlap of old and new key: median, and 10 % to 90 % of rotations</text>`,
    `<text x="20" y="${(top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 20 ${(top + bottom) / 2})">rotations that refused a valid token</text>`,
    '</svg>',
    '',
  ].join('\n');
}

/** The page in docs, made by the command it names. */
export function page(
  rows: readonly Row[],
  slower: readonly { readonly policy: string; readonly slower: number; readonly of: number }[],
  { from, seeds }: { readonly from: number; readonly seeds: number },
): string {
  return `# Rotations, simulated

Keyturn beside the waits people use today, on the same ${seeds} worlds (seeds ${from} to ${from + seeds - 1}). This page and
its picture are made by

\`\`\`sh
pnpm simulate --headline --seeds ${seeds} --from ${from}
\`\`\`

A world is one issuer with several origins, edges and signers, and two to six services of mixed kinds
from the profile catalogue: caches that refresh in minutes, in days or never, keys kept one by one,
worker caches, remembered tokens, keys installed by hand. Tokens live from 15 minutes to a week. One
in ten worlds each has a killed or replaced verifier, one that starts with the keys of its image, a
stale edge, an origin that goes back, an unreachable JWKS, a late signer, tokens longer than declared,
a lossy or cut network, a dead collector. Whether a step was safe is judged by what was true, by the
same few lines for every policy; refusals while the JWKS could not be fetched are nobody's fault and
not counted.

${table(rows)}

- *Unsafe switch*: a verifier that was up could not have verified the new key, not even by fetching.
- *Unsafe withdrawal*: a valid token of the old key was alive.
- Hours are medians, with the 10th and 90th percentile. The overlap runs from publication to withdrawal.

![Overlap and harm by policy](simulation.svg)

What is left for Keyturn is what no report can show beforehand: a verifier that starts with old keys,
or an origin that goes back, after the switch; a signer that goes on unseen; a token nobody declared
and nobody reported. \`pnpm simulate\` counts these apart from broken promises, of which none is
tolerated.

## Where Keyturn is slower than a guess

In worlds where a guess did no harm, Keyturn kept both keys longer than it in:

${slower.map(({ policy, slower: n, of }) => `- ${policy}: ${n} of ${of} harmless rotations`).join('\n')}

It waits for the longest lifetime of any token declared or seen, plus an hour's margin, although most
tokens are gone earlier; for the slowest service, and for people where keys are installed by hand; and
after a restart it says nothing for one lease. A guess that is too long for everybody is always safe,
and a guess that is short is often lucky.

## Broken promises

\`pnpm simulate\` runs worlds at a faster pace with many more faults: lost, doubled, late and reordered
messages, partitions, half-open connections, paused, sleeping and killed processes, crashes around a
commit, full disks, clocks that step and drift, reused kids, two processes under one name. After every
step it compares every open gate with an oracle that knows each cache and token. A failing seed prints
its story, is cut down to what it needs, and replays exactly with \`--replay\`. Planted mistakes
(\`test/simulation/planted\`) show that it would notice.
`;
}
