import type { AlertBenchOptions, AlertBenchResult } from './measure.ts';

/** The section of docs/detection.md that this bench writes. */
const HEADING = '## End to end';

/** Median, smallest and largest, in seconds. */
export function spread(valuesMs: readonly number[]): string {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const seconds = (ms: number | undefined) => (ms === undefined ? '–' : (ms / 1_000).toFixed(1));
  return `${seconds(sorted[0])} | ${seconds(at(0.5))} | ${seconds(at(0.95))} | ${seconds(sorted.at(-1))}`;
}

/** The figures as a table of Markdown. */
export function tableOf({ ways, foundMs, deliveredMs }: AlertBenchResult): string {
  const rows = ways.map(({ name, delaysMs }) => {
    const came = delaysMs.filter((ms) => ms !== null);
    return `| ${name} | ${spread(came)} | ${came.length} of ${delaysMs.length} |`;
  });
  return [
    '| way | min s | median s | p95 s | max s | came |',
    '|---|---:|---:|---:|---:|---:|',
    ...rows,
    '',
    'Of Keyturn’s own way, in the same runs:',
    '',
    '| part | min s | median s | p95 s | max s |',
    '|---|---:|---:|---:|---:|',
    `| first refused token → alert fires at the collector | ${spread(foundMs)} |`,
    `| alert fires → webhook has it | ${spread(deliveredMs)} |`,
  ].join('\n');
}

/** The whole section. */
export function sectionOf(
  result: AlertBenchResult,
  options: Pick<AlertBenchOptions, 'runs' | 'perSecond' | 'share'>,
  machine: { readonly load: number; readonly cores: number },
): string {
  const { perSecond, share, runs } = options;
  return [
    HEADING,
    '',
    '<!-- not run: takes five minutes, and wants Debian’s prometheus and prometheus-alertmanager -->',
    '',
    '```sh',
    `pnpm bench:alert --runs ${runs} --write docs/detection.md`,
    '```',
    '',
    `From the first token that a verifier refuses to the webhook that has heard of it, over ${runs} runs in`,
    'which real processes do everything: a service with jose and the agent, the collector with its',
    `default settings, Prometheus, Alertmanager, local webhooks. Each verifier sees ${perSecond} tokens a second; from`,
    `one moment on, ${Math.round(share * 100)} % of them are signed with the new key of an open rotation, which its stale copy`,
    'of the JWKS lacks.',
    'All ways see the same failures. Prometheus scrapes a counter of the verifier itself and fires',
    'at three failures in a minute, without `for`; a rule that tolerates what usually fails is slower.',
    '',
    tableOf(result),
    '',
    'The agent tells of a failure within a second, and one look of the detector is one second. The machine',
    `was busy with other things as well (load ${machine.load.toFixed(0)} on ${machine.cores} cores), which is the same for all.`,
    '',
  ].join('\n');
}

/** A document with its section replaced, or with the section at its end. */
export function withSection(document: string, section: string): string {
  const from = document.indexOf(`${HEADING}\n`);
  if (from === -1) return `${document.trimEnd()}\n\n${section}`;
  const after = document.indexOf('\n## ', from + HEADING.length);
  const rest = after === -1 ? '' : document.slice(after);
  return document.slice(0, from) + section.trimEnd() + (rest === '' ? '\n' : `\n${rest}`);
}
