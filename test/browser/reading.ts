import type { Page } from 'playwright-core';
import { eventually } from '../harness/eventually.ts';

/** What a person can read in an element, as one line. */
export async function textOf(page: Page, selector = 'body'): Promise<string> {
  const text = await page.locator(selector).first().innerText({ timeout: 5_000 });
  return text.replaceAll(/\s+/g, ' ');
}

/** Waits until the page says something; gives all it says then. */
export function says(
  page: Page,
  pattern: RegExp,
  { selector = 'body', withinMs = 10_000 } = {},
): Promise<string> {
  return eventually(
    `the page says ${String(pattern)}`,
    async () => {
      const text = await textOf(page, selector);
      if (pattern.test(text)) return text;
      throw new Error(`it says: ${text.slice(0, 1_500)}`);
    },
    withinMs,
  );
}

/** Whatever of a page claims that something is open: in the colour for it, or in the word. */
export async function openClaims(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(OPEN_CLAIMS);
}

// The colours are asked from the page itself, so that a changed shade changes nothing here.
const OPEN_CLAIMS = `(() => {
  const probe = document.body.appendChild(document.createElement('i'));
  const shades = new Set(['--open', '--open-fill'].map((name) => {
    probe.style.color = 'var(' + name + ')';
    return getComputedStyle(probe).color;
  }));
  probe.remove();
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    for (const part of [null, '::before', '::after']) {
      const style = getComputedStyle(element, part);
      if (part !== null && (style.content === 'none' || style.content === 'normal')) continue;
      for (const name of ['color', 'backgroundColor', 'fill', 'stroke', 'borderTopColor']) {
        const isSeen = name !== 'stroke' && name !== 'fill' || element instanceof SVGElement;
        const isBorder = name !== 'borderTopColor' || parseFloat(style.borderTopWidth) > 0;
        if (isSeen && isBorder && shades.has(style[name]))
          found.push(name + ' of ' + element.tagName + '.' + element.getAttribute('class') + (part ?? ''));
      }
    }
  }
  const words = document.body.innerText.match(/(?<!was )\\bOPEN\\b/g) ?? [];
  return [...new Set([...found, ...words])];
})()`;
