import { plainText } from '@keyturn/shared/shown.ts';

/** Markup that is safe to send. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | null | readonly Part[];

const CHARS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Longest text put into a page, bytes. */
const TEXT_BYTES_MAX = 4_096;

/** Text for a page: nothing in it is markup, and nothing reorders or hides what stands beside it. */
export function escapeHtml(text: string): string {
  return plainText(text, TEXT_BYTES_MAX).replaceAll(/[&<>"']/g, (char) => CHARS[char] ?? '');
}

/** Markup from a template; every value put into it is escaped unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0] ?? '';
  for (const [at, part] of parts.entries()) markup += render(part) + (strings[at + 1] ?? '');
  return { markup };
}

/** A name from outside, set apart from the direction of the text around it. */
export function name(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

function render(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if ('markup' in part) return part.markup;
  return part.map(render).join('');
}
