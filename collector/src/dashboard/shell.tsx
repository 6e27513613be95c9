import type { ComponentChildren } from 'preact';
import { OperatorBadge } from './acts/operator-badge.tsx';
import { ASK_EVERY_MS, channel, fresh, nowMs, tick } from './live/live.ts';
import { OutcomeNotice } from './acts/outcome-notice.tsx';
import { PrintHead } from './print/print-head.tsx';
import { route } from './navigation.ts';
import type { Route } from './route.ts';
import { formatDuration } from './ui/duration.ts';

const PLACES: readonly {
  readonly path: string;
  readonly label: string;
  readonly pages: readonly Route['page'][];
}[] = [
  { path: '/', label: 'Overview', pages: ['overview', 'rotation', 'rotations'] },
  { path: '/verifiers', label: 'Verifiers', pages: ['verifiers', 'verifier'] },
  { path: '/alerts', label: 'Alerts', pages: ['alerts', 'alert'] },
  { path: '/issuers', label: 'Issuers', pages: ['issuers'] },
  { path: '/inventory', label: 'Inventory', pages: ['inventory'] },
];

/** What stands around every page: where one can go, and whether what is shown is the present. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/">
          Keyturn
        </a>
        <nav aria-label="Pages">
          <ul>
            {PLACES.map(({ path, label, pages }) => (
              <li key={path}>
                <a href={path} aria-current={pages.includes(route.value.page) ? 'page' : undefined}>
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Liveness />
        <OperatorBadge />
      </header>
      <PrintHead />
      <StaleNotice />
      <RefusedNotice />
      <UpgradeNotice />
      <OutcomeNotice />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function Liveness() {
  const { kind } = fresh.value;
  const word = kind === 'live' ? 'live' : kind === 'stale' ? 'stale' : 'connecting';
  return (
    <p class={`liveness ${kind}`} role="status">
      {word}
    </p>
  );
}

/** Nothing old may look like the present. */
function StaleNotice() {
  const state = fresh.value;
  const last = tick.value;
  if (state.kind !== 'stale' || last === null) return null;
  return (
    <section class="notice stale" aria-label="Out of date">
      <p role="alert">
        The collector is not heard. What is shown is from {last.now_at.slice(11, 19)} UTC and may be
        wrong by now: nothing here is safe to act on.
      </p>
      {/* Apart, so that a screen reader is not told each second. */}
      <p>No word from the collector for {formatDuration(nowMs.value - Date.parse(last.now_at))}.</p>
    </section>
  );
}

/** Many dashboards at once are no fault; the reader can end it. */
function RefusedNotice() {
  if (channel() !== 'refused' || fresh.value.kind !== 'live') return null;
  return (
    <div class="notice" role="status">
      The collector has as many live dashboards open as it takes. This one asks every{' '}
      {formatDuration(ASK_EVERY_MS)} instead; close those nobody looks at.
    </div>
  );
}

function UpgradeNotice() {
  const build = tick.value?.build ?? '';
  const own = document.querySelector<HTMLScriptElement>('script[data-build]')?.dataset['build'];
  if (build === '' || own === undefined || build === own) return null;
  return (
    <div class="notice" role="status">
      The collector serves a newer dashboard.{' '}
      <button type="button" onClick={() => location.reload()}>
        Load it
      </button>
    </div>
  );
}
