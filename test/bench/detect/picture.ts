import { type Delays, type FalseAlarms, percentile } from './measure.ts';
import { duration } from './page.ts';
import { KEYTURN } from './product.ts';

const LINE = 34;
const TOP = 64;
const DELAY = { left: 260, right: 560 } as const;
const ALARMS = { left: 620, right: 850 } as const;
const LONGEST_S = 21_600;
const MOST = 1_000;

export interface PictureRow {
  readonly name: string;
  /** Median delays in seconds: 10 %, and 0.5 %, of 50 tokens a second. */
  readonly delays: readonly [number, number];
  /** Per thirty days, in the worst scene at 50 tokens a second. */
  readonly alarms: number;
}

export function pictureRows(
  delays: readonly Delays[],
  alarms: readonly FalseAlarms[],
): readonly PictureRow[] {
  const median = (name: string, broken: number): number => {
    const of = delays.find((one) => one.rate === 50 && one.broken === broken);
    return percentile(of?.seconds.get(name) ?? [], 0.5);
  };
  const at50 = alarms.filter(({ scene }) => scene.rate === 50);
  return [...(at50[0]?.perMonth.keys() ?? [])].map((name) => ({
    name,
    delays: [median(name, 0.1), median(name, 0.005)],
    alarms: Math.max(...at50.map(({ perMonth }) => perMonth.get(name) ?? 0)),
  }));
}

/** One line per detector: how late it is, and how often it is wrong. */
export function picture(rows: readonly PictureRow[]): string {
  const bottom = TOP + rows.length * LINE;
  const height = bottom + 44;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Delay and false alarms by detector">`,
    `<rect width="900" height="${height}" rx="6" fill="#ffffff"/>`,
    heading(DELAY.left, 'median delay at 50 rps: ● 10 % ○ 0.5 % refused'),
    heading(ALARMS.left, 'false alarms in 30 days, worst scene'),
    ...[1, 10, 60, 600, 3_600].map((s) => tick(delayAt(s), bottom, duration(s))),
    ...[0, 1, 10, 100, 1_000].map((n) => tick(alarmsAt(n), bottom, String(n))),
    ...rows.flatMap((row, at) => lineOf(row, TOP + at * LINE + LINE / 2)),
    '</svg>',
    '',
  ].join('\n');
}

function lineOf({ name, delays, alarms }: PictureRow, y: number): string[] {
  const colour = name === KEYTURN ? '#0a7d33' : '#b3261e';
  const weight = name === KEYTURN ? ' font-weight="bold"' : '';
  const width = Math.max(1, alarmsAt(alarms) - ALARMS.left);
  return [
    `<text x="${DELAY.left - 12}" y="${y + 4}" text-anchor="end" fill="#222222"${weight}>${name}</text>`,
    ...delays.map((seconds, at) => dot(seconds, y, colour, at === 0 ? colour : '#ffffff')),
    `<rect x="${ALARMS.left}" y="${y - 9}" width="${width.toFixed(1)}" height="18" fill="${colour}"/>`,
    `<text x="${(ALARMS.left + width + 6).toFixed(1)}" y="${y + 4}" fill="#222222"${weight}>${Number(alarms.toFixed(1))}</text>`,
  ];
}

function dot(seconds: number, y: number, colour: string, fill: string): string {
  const x = delayAt(seconds).toFixed(1);
  return Number.isFinite(seconds)
    ? `<circle cx="${x}" cy="${y}" r="5" fill="${fill}" stroke="${colour}" stroke-width="2"/>`
    : `<text x="${x}" y="${y + 4}" text-anchor="middle" fill="${colour}">${fill === colour ? '●' : '○'} never</text>`;
}

function heading(x: number, text: string): string {
  return `<text x="${x}" y="28" font-size="13" fill="#222222">${text}</text>`;
}

function tick(x: number, bottom: number, text: string): string {
  return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP - 10}" y2="${bottom}" stroke="#e3e3e3"/><text x="${x.toFixed(1)}" y="${bottom + 20}" text-anchor="middle" fill="#555555">${text}</text>`;
}

function delayAt(seconds: number): number {
  const share = Math.log(Math.min(LONGEST_S, Math.max(1, seconds))) / Math.log(LONGEST_S);
  return DELAY.left + (DELAY.right - DELAY.left) * share;
}

function alarmsAt(alarms: number): number {
  const share = Math.log(1 + Math.min(MOST, alarms)) / Math.log(1 + MOST);
  return ALARMS.left + (ALARMS.right - ALARMS.left) * share;
}
