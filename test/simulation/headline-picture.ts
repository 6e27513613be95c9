import { KEYTURN } from './headline.ts';
import type { Row } from './headline-rows.ts';

const LINE = 34;
const TOP = 64;
const HARM = { left: 220, right: 470 } as const;
const HOURS = { left: 560, right: 850 } as const;
const MOST_HOURS = 400;

/** One line per policy: how many rotations it harmed, and how long it kept both keys. */
export function picture(rows: readonly Row[]): string {
  const bottom = TOP + rows.length * LINE;
  const height = bottom + 44;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Harm and overlap by policy">`,
    `<rect width="900" height="${height}" rx="6" fill="#ffffff"/>`,
    heading(HARM.left, 'rotations that refused a valid token'),
    heading(HOURS.left, 'hours with both keys: median, 10 % to 90 %'),
    ...[0, 25, 50, 75, 100].map((percent) => tick(harmAt(percent), bottom, `${percent} %`)),
    ...[1, 6, 24, 72, 336].map((hours) => tick(hoursAt(hours), bottom, `${hours} h`)),
    ...rows.flatMap((row, at) => lineOf(row, TOP + at * LINE + LINE / 2)),
    '</svg>',
    '',
  ].join('\n');
}

function lineOf({ policy, harmed, rotations, overlapHours }: Row, y: number): string[] {
  const colour = policy === KEYTURN ? '#0a7d33' : '#b3261e';
  const weight = policy === KEYTURN ? ' font-weight="bold"' : '';
  const percent = (100 * harmed) / rotations;
  const [from, middle, to] = [overlapHours.p10, overlapHours.p50, overlapHours.p90].map(hoursAt);
  const width = Math.max(1, harmAt(percent) - HARM.left);
  return [
    `<text x="${HARM.left - 12}" y="${y + 4}" text-anchor="end" fill="#222222"${weight}>${policy}</text>`,
    `<rect x="${HARM.left}" y="${y - 9}" width="${width.toFixed(1)}" height="18" fill="${colour}"/>`,
    `<text x="${(HARM.left + width + 6).toFixed(1)}" y="${y + 4}" fill="#222222"${weight}>${percent.toFixed(1)} %</text>`,
    `<line x1="${from?.toFixed(1)}" x2="${to?.toFixed(1)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-opacity="0.4" stroke-width="6" stroke-linecap="round"/>`,
    `<circle cx="${middle?.toFixed(1)}" cy="${y}" r="5" fill="${colour}"/>`,
    `<text x="${middle?.toFixed(1)}" y="${y - 9}" text-anchor="middle" font-size="11" fill="#222222">${hoursText(overlapHours.p50)}</text>`,
  ];
}

function heading(x: number, text: string): string {
  return `<text x="${x}" y="28" font-size="13" fill="#222222">${text}</text>`;
}

function tick(x: number, bottom: number, text: string): string {
  return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP - 10}" y2="${bottom}" stroke="#e3e3e3"/><text x="${x.toFixed(1)}" y="${bottom + 20}" text-anchor="middle" fill="#555555">${text}</text>`;
}

function harmAt(percent: number): number {
  return HARM.left + ((HARM.right - HARM.left) * percent) / 100;
}

function hoursAt(hours: number): number {
  const share = Math.log(Math.min(MOST_HOURS, Math.max(1, hours))) / Math.log(MOST_HOURS);
  return HOURS.left + (HOURS.right - HOURS.left) * share;
}

function hoursText(hours: number): string {
  return hours < 10 ? `${hours.toFixed(1)} h` : `${Math.round(hours)} h`;
}
