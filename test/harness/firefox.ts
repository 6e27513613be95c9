import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildDashboard } from '../../collector/tools/dashboard/build.ts';
import { plainEnvironment } from './run-to-end.ts';
import type { Teardown } from './teardown.ts';
import { tempDirectory } from './temp-directory.ts';
import { type Bidi, bidiOver } from './webdriver-bidi.ts';

const PLACES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

const FIREFOX = PLACES.find((place) => existsSync(place));

/** Why tests in Firefox cannot run here; false where they can. Fit for tap's `skip`. */
export const FIREFOX_MISSING: string | false =
  FIREFOX === undefined && `no Firefox at ${PLACES.join(' or ')}: install the firefox-esr package`;

const START_MS = 30_000;

/** Firefox asks nobody but the page under test. */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.unified': false,
};

/** A tab of Firefox, and everything that went wrong in it. */
export interface FirefoxPage {
  readonly problems: readonly string[];
  goto(url: string): Promise<void>;
  /** What an expression gives in the page, made JSON there. */
  evaluate(expression: string): Promise<unknown>;
  /** PNG. */
  screenshot(): Promise<Buffer>;
}

/** Firefox without a window, with one tab of this size. It serves the dashboard as its sources are now. */
export async function startFirefox(
  teardown: Teardown,
  { width = 1440, height = 900 }: { readonly width?: number; readonly height?: number } = {},
): Promise<FirefoxPage> {
  await buildDashboard();
  const profile = await tempDirectory(teardown);
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref("${name}", ${value});`,
  );
  await writeFile(join(profile, 'user.js'), `${lines.join('\n')}\n`);
  const child = spawn(
    FIREFOX ?? 'firefox',
    ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: plainEnvironment({ HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' }),
    },
  );
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  teardown.add('firefox', async () => {
    process.off('exit', kill);
    const ended = once(child, 'close');
    if (child.exitCode === null && kill()) await ended;
  });
  const bidi = await bidiOver(`${await addressOf(child)}/session`);
  return pageOf(bidi, width, height);
}

async function addressOf({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error('firefox has no standard error');
  const timeout = AbortSignal.timeout(START_MS);
  for await (const line of createInterface({ input: stderr, signal: timeout })) {
    const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(line)?.[1];
    if (found !== undefined) {
      stderr.resume();
      return found;
    }
  }
  throw new Error(`firefox did not start within ${START_MS} ms`);
}

async function pageOf(bidi: Bidi, width: number, height: number): Promise<FirefoxPage> {
  const problems: string[] = [];
  bidi.on('log.entryAdded', ({ level, text }) => {
    if (level === 'error') problems.push(String(text));
  });
  await bidi.call('session.new', { capabilities: {} });
  await bidi.call('session.subscribe', { events: ['log.entryAdded'] });
  const { context } = await bidi.call('browsingContext.create', { type: 'tab' });
  await bidi.call('browsingContext.setViewport', { context, viewport: { width, height } });
  return {
    problems,
    async goto(url) {
      await bidi.call('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    async evaluate(expression) {
      const { result, exceptionDetails } = await bidi.call('script.evaluate', {
        expression: `(async () => JSON.stringify(await (${expression})) ?? 'null')()`,
        target: { context },
        awaitPromise: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return JSON.parse((result as { value: string }).value) as unknown;
    },
    async screenshot() {
      const { data } = await bidi.call('browsingContext.captureScreenshot', { context });
      return Buffer.from(String(data), 'base64');
    },
  };
}
