import type { Delays, FalseAlarms } from './measure.ts';
import { percentile, VARIANTS } from './measure.ts';
import { KEYTURN } from './product.ts';

export interface Size {
  readonly days: number;
  readonly trials: number;
  readonly seed: number;
}

/** The delays as a table: median and 95th percentile. */
export function delayTable(all: readonly Delays[]): string {
  const names = [...(all[0]?.seconds.keys() ?? [])];
  return rowsOf(
    ['detector', ...all.map(({ rate, broken }) => `${rate} rps, ${percent(broken)}`)],
    names.map((name) => [
      name,
      ...all.map(({ seconds }) => {
        const found = seconds.get(name) ?? [];
        return `${duration(percentile(found, 0.5))} / ${duration(percentile(found, 0.95))}`;
      }),
    ]),
  );
}

/** The false alarms as a table. */
export function alarmTable(all: readonly FalseAlarms[]): string {
  const names = [...(all[0]?.perMonth.keys() ?? [])];
  return rowsOf(
    ['scene', ...names],
    all.map(({ scene, perMonth }) => [
      `${scene.rate} rps, ${scene.name}`,
      ...names.map((name) => amount(perMonth.get(name) ?? 0)),
    ]),
  );
}

/** The generated part of the page in docs. */
export function page(
  delays: readonly Delays[],
  alarms: readonly FalseAlarms[],
  { days, trials, seed }: Size,
): string {
  const floods = alarms
    .filter(({ scene }) => scene.attackers)
    .reduce((n, one) => n + one.floods, 0);
  const most = Math.max(...alarms.map(({ perMonth }) => perMonth.get(KEYTURN) ?? 0));
  return `Made by

<!-- not run: it makes these tables, and takes a quarter of an hour -->

\`\`\`sh
pnpm bench:detect --days ${days} --trials ${trials} --seed ${seed}
\`\`\`

The same seeded tokens, second by second, go to every detector. Keyturn's are the product's own, at all
their tiers: the functions that \`step\` calls for each row of a report and at each tick, on a state made
by real inputs (\`test/bench/detect/product.ts\`). On a usual day 0.5 % of tokens fail for reasons that have
nothing to do with keys and 0.002 % for reasons keys cause; nothing else is told to any detector, and the
others know the usual rate exactly. Times count from the first second in which something can fail, without the
way of a report and of a notification.

![Delay and false alarms by detector](detection.svg)

### How long until it is found

A cutover half way through: half of the tokens are the new key's, and from one second on the given share of
all tokens is refused because of it. Median / 95th percentile of ${trials} trials (seeds ${seed} to ${seed + trials - 1}); "never"
is not within six hours.

${delayTable(delays)}

"${VARIANTS.wide}" is the same with a bin as wide as usual. Ten times as many looks cost ln 10 = 2.3 of
score, less than one failure, and gain seconds; so bins are one second wide.

### How often it is wrong

False alarms per 30 days, over ${days} days each (seed ${seed}). The most for Keyturn in any scene: ${amount(most)}.
The attackers' bursts were ${floods} times found as \`ForeignKidFlood\`, which does not page.

${alarmTable(alarms)}
`;
}

function rowsOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'never';
  if (seconds < 100) return `${seconds} s`;
  return seconds < 6_000 ? `${(seconds / 60).toFixed(1)} m` : `${(seconds / 3_600).toFixed(1)} h`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

function amount(count: number): string {
  return count < 10 ? String(Number(count.toFixed(1))) : Math.round(count).toString();
}
