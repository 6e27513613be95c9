import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildDashboard } from '../../collector/tools/dashboard/build.ts';
import type { Teardown } from './teardown.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const CHROMIUM = PLACES.find((place) => existsSync(place));

/** Why tests in a browser cannot run here; false where they can. Fit for tap's `skip`. */
export const BROWSER_MISSING: string | false =
  CHROMIUM === undefined && `no Chromium at ${PLACES.join(' or ')}: install the chromium package`;

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** A page of the browser, and everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of scripts, of the console and of the content security policy, as they came. */
  readonly problems: string[];
}

/** Chromium without a window. It serves the dashboard as its sources are now. */
export async function startBrowser(teardown: Teardown): Promise<Browser> {
  await buildDashboard();
  const browser = await chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  teardown.add('browser', () => browser.close());
  return browser;
}

/** Opens an address in a browser profile of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1440, height = 900, dark = false }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('console', (message) => {
    // A server that is away is no fault of the page; the page says so itself.
    const isNetwork = /net::ERR_|status of 5\d\d/.test(message.text());
    if (message.type() === 'error' && !isNetwork) problems.push(`console: ${message.text()}`);
  });
  await page.goto(url);
  return { page, problems };
}
