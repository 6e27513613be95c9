import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { type Route, routeOf } from './route.ts';

const address = signal(new URL(location.href));

/** Where the reader is. */
export const route: ReadonlySignal<Route> = computed(() => routeOf(address.value.pathname));

/** What stands after the question mark of the address. */
export const query: ReadonlySignal<URLSearchParams> = computed(() => address.value.searchParams);

/** Goes to a page of the dashboard. Who uses a keyboard goes on at the beginning of its content. */
export function navigate(to: string): void {
  history.pushState(null, '', to);
  address.value = new URL(location.href);
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
}

/** Changes what stands after the question mark, without a step to go back to; null takes it out. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const next = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  history.replaceState(null, '', next);
  address.value = next;
}

/** Lets links inside the dashboard, and the way back, work without loading it anew. */
export function startNavigation(): void {
  addEventListener('popstate', () => {
    address.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    const to = linkWithin(event);
    if (to === null) return;
    event.preventDefault();
    navigate(to);
  });
}

function linkWithin(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download')) return null;
  const to = new URL(link.href, location.href);
  if (to.origin !== location.origin || routeOf(to.pathname).page === 'unknown') return null;
  // A jump within the page is the browser's own.
  if (to.hash !== '' && to.pathname === location.pathname) return null;
  return to.pathname + to.search + to.hash;
}
