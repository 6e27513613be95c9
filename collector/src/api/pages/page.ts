import { type Html, escapeHtml } from './html.ts';
import { STYLE } from './style.ts';

/** A whole page without scripts; `refreshS` null: it stays as it is. */
export function page(title: string, body: Html, refreshS: number | null): string {
  const refresh = refreshS === null ? '' : `<meta http-equiv="refresh" content="${refreshS}">`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
${refresh}<title>${escapeHtml(title)}</title><link rel="icon" href="data:,">
<style>${STYLE}</style></head><body>${body.markup}</body></html>
`;
}
