// Takes the pictures of docs/pictures from real collectors. Usage: pnpm screenshots

import { execFileSync } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { openPage, startBrowser } from '../../harness/browser.ts';
import { type Scene, startScene } from '../../harness/dashboard-scene.ts';
import type { ReportedVerifier } from '../../harness/reporting-fleet.ts';
import { REPOSITORY } from '../../harness/programs.ts';
import { teardown } from '../../harness/teardown.ts';
import { shopFleet, trouble } from './shop-fleet.ts';

const OUT = process.argv[2] ?? join(REPOSITORY, 'docs/pictures');

const WIDE = { width: 1_440, height: 1_100 };
const NARROW = { width: 390, height: 844 };

/** How long the fleet learns, and how long old tokens are seen to run out. */
const LEARN_S = 24;
const DRAIN_S = 40;

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly narrow?: boolean;
  readonly dark?: boolean;
  /** What is brought to the top; the head of the page by default. */
  readonly at?: string;
}

const cleanup = teardown();
process.once('SIGINT', () => void cleanup.run().then(() => process.exit(130)));
try {
  await mkdir(OUT, { recursive: true });
  const browser = await startBrowser(cleanup);
  await asItShouldBe(browser);
  await inAHurry(browser);
} finally {
  for (const failure of await cleanup.run()) process.stderr.write(`not put away: ${failure}\n`);
}

/** A rotation that waits for its verifiers, and then for the tokens of the old key. */
async function asItShouldBe(browser: Browser): Promise<void> {
  const scene = await shop();
  const rotation = `/rotations/${scene.rotationId}`;
  await scene.gateSays('publish', 'open');
  await scene.publish();
  await scene.declare('publish');
  const waiting = scene.fleet.verifiers.filter((verifier) => trouble(verifier) === null);
  await spread(LEARN_S, waiting.length, (index) => learn(scene, waiting[index]));
  for (const verifier of scene.fleet.verifiers) troubled(verifier);
  await sleep(10_000);
  await shoot(browser, scene, [
    { name: 'overview', path: '/' },
    { name: 'overview-narrow-dark', path: '/', narrow: true, dark: true },
    { name: 'rotation-closed', path: rotation },
    { name: 'rotation-closed-dark', path: rotation, dark: true },
    { name: 'rotation-closed-narrow', path: rotation, narrow: true },
    { name: 'verifiers', path: '/verifiers' },
    { name: 'matrix', path: '/verifiers?view=matrix' },
    { name: 'matrix-narrow-dark', path: '/verifiers?view=matrix', narrow: true, dark: true },
    { name: 'verifier', path: verifierPath(scene, 'billing-batch') },
    { name: 'inventory', path: '/inventory' },
    { name: 'issuer', path: `/issuers?issuer=${encodeURIComponent(scene.issuer.issuer)}` },
  ]);
  for (const verifier of scene.fleet.verifiers) {
    verifier.silent = false;
    verifier.lastError = null;
    verifier.consecutiveFailures = 0;
    learn(scene, verifier);
  }
  await scene.gateSays('activate', 'open');
  await scene.declare('activate');
  await spread(DRAIN_S, DRAIN_S, (second) =>
    shift(scene, Math.min(1, (second + 1) / (DRAIN_S - 8))),
  );
  await shoot(browser, scene, [
    { name: 'rotation-draining', path: rotation, at: 'Life of both keys' },
    { name: 'rotation-draining-dark', path: rotation, at: 'Life of both keys', dark: true },
    { name: 'rotation-draining-narrow', path: rotation, narrow: true },
  ]);
  await scene.collector.child.stop();
}

/** The same fleet, signed for before it knew the key. */
async function inAHurry(browser: Browser): Promise<void> {
  const scene = await shop();
  const rotation = `/rotations/${scene.rotationId}`;
  await scene.publish();
  scene.learn((verifier) => trouble(verifier) === null);
  await sleep(4_000);
  await scene.declare('activate', { override_reason: 'the verifiers refetch keys anyway' });
  await spread(14, 14, (second) => shift(scene, Math.min(0.6, (second + 1) / 14)));
  const alert = await scene.alertFires('VerificationFailures');
  await sleep(3_000);
  await shoot(browser, scene, [
    { name: 'rotation-alert', path: rotation },
    { name: 'rotation-alert-narrow-dark', path: rotation, narrow: true, dark: true },
    { name: 'alert', path: `/alerts/${encodeURIComponent(alert)}` },
  ]);
  await scene.collector.child.stop();
}

function shop(): Promise<Scene> {
  return startScene(cleanup, {
    issuer: 'https://login.example.com',
    services: shopFleet(),
    blind: [
      {
        name: 'mobile-app',
        kind: 'unmanaged',
        cohorts: [{ percentile: 99, within: '1s' }],
        cover_percentile: 99,
      },
    ],
    // Silence is noticed late enough for a busy machine.
    policy: { heartbeat: '2s', retire_safety: '1m' },
  });
}

function learn(scene: Scene, verifier: ReportedVerifier | undefined): void {
  if (verifier === undefined) return;
  verifier.keys = [scene.issuer.old.ref, scene.issuer.new.ref];
  verifier.dataAgeS = 3;
}

function troubled(verifier: ReportedVerifier): void {
  const kind = trouble(verifier);
  verifier.silent = kind === 'silent';
  if (kind !== 'failing') return;
  verifier.lastError = 'timeout';
  verifier.consecutiveFailures = 7;
  verifier.dataAgeS = 1_900;
}

/** This share of the tokens is signed by the new key; who lacks it refuses them. */
function shift(scene: Scene, share: number): void {
  const { old, new: next } = scene.issuer;
  scene.fleet.verifiers.forEach((verifier, index) => {
    const total = 20 + ((index * 13) % 40);
    const fresh = Math.round(total * share);
    const knows = verifier.keys.some(({ kid }) => kid === next.ref.kid);
    verifier.traffic = [
      [old.ref.kid, 'ok', total - fresh],
      [next.ref.kid, knows ? 'ok' : 'unknown_kid', fresh],
    ];
  });
}

/** Does something `count` times over some seconds. */
async function spread(seconds: number, count: number, act: (index: number) => void): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    act(index);
    await sleep((seconds * 1_000) / count);
  }
}

function verifierPath({ fleet }: Scene, service: string): string {
  const verifier = fleet.verifiers.find((each) => each.service === service);
  return verifier === undefined
    ? '/'
    : `/verifiers/${service}/${verifier.instance}/${verifier.cache}`;
}

async function shoot(browser: Browser, scene: Scene, shots: readonly Shot[]): Promise<void> {
  for (const { name, path, narrow = false, dark = false, at } of shots) {
    const { page, problems } = await openPage(browser, scene.collector.url + path, {
      ...(narrow ? NARROW : WIDE),
      dark,
    });
    await settled(page);
    if (at !== undefined) await toTop(page, at);
    await page.waitForTimeout(400);
    await save(page, name);
    await page.context().close();
    if (problems.length > 0) throw new Error(`${name}: ${problems.join('; ')}`);
  }
}

async function settled(page: Page): Promise<void> {
  await page.getByText('live', { exact: true }).first().waitFor();
  await page.locator('main h1').first().waitFor();
  await page.waitForTimeout(1_500);
}

async function toTop(page: Page, heading: string): Promise<void> {
  const box = await page.getByRole('heading', { name: heading }).first().boundingBox();
  await page.evaluate(`scrollBy(0, ${(box?.y ?? 0) - 24})`);
}

async function save(page: Page, name: string): Promise<void> {
  const file = join(OUT, `${name}.png`);
  await page.screenshot({ path: file });
  try {
    // A palette makes them a third; where the tool is missing they are whole.
    execFileSync('pngquant', ['--force', '--ext', '.png', '--strip', '--speed', '1', '64', file]);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  process.stdout.write(
    `${String(Math.round((await stat(file)).size / 1_000)).padStart(5)} kB  ${name}\n`,
  );
}
