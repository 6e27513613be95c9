import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { RotationDetailView } from '../../api/schemas/rotation.ts';
import { fresh, watch, type WatchedView } from '../live/live.ts';
import { route } from '../navigation.ts';
import { shortText } from '../ui/visible-text.ts';
import aborted from './icons/aborted.svg';
import alert from './icons/alert.svg';
import back from './icons/back.svg';
import calm from './icons/calm.svg';
import closed from './icons/closed.svg';
import open from './icons/open.svg';
import stale from './icons/stale.svg';
import unknown from './icons/unknown.svg';
import { type TabKind, type TabState, tabState, tabTitle } from './tab-state.ts';

const ICONS: Readonly<Record<TabKind, string>> = {
  aborted,
  alert,
  back,
  calm,
  closed,
  open,
  stale,
  unknown,
};

const KID_CHARS_MAX = 24;

const subjectSignal = signal('');

/** What the page is about, as it named itself. */
export const pageTitle: ReadonlySignal<string> = subjectSignal;

/** Says what the page is about. */
export function namePage(title: string): void {
  subjectSignal.value = title;
}

/** Keeps title and picture of the tab true, seen or not; once for a page. */
export function startTab(): void {
  const glance = watch('tab').value;
  const about = computed(() => (route.value.page === 'rotation' ? route.value.id : null));
  let watched: WatchedView<'rotation'> | null = null;
  effect(() => {
    watched?.stop();
    watched = about.value === null ? null : watch('rotation', about.value);
    const rotation = watched?.value;
    return effect(() => {
      const detail = rotation?.value;
      const facts = { freshness: fresh.value.kind, overview: glance.value };
      const state = tabState(rotation === undefined ? facts : { ...facts, rotation: detail });
      show(state, detail == null ? subjectSignal.value : kidsOf(detail));
    });
  });
}

function kidsOf({ rotation }: RotationDetailView): string {
  const [old, next] = [rotation.old_key.kid, rotation.new_key.kid];
  return `${shortText(old, KID_CHARS_MAX)} → ${shortText(next, KID_CHARS_MAX)}`;
}

function show(state: TabState, subject: string): void {
  const title = tabTitle(state, subject);
  if (document.title !== title) document.title = title;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (icon === null || icon.getAttribute('href') === ICONS[state.kind]) return;
  // Some browsers look at a new element only.
  const next = icon.cloneNode() as HTMLLinkElement;
  next.href = ICONS[state.kind];
  icon.replaceWith(next);
}
