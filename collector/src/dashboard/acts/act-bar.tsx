import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { fresh } from '../live/live.ts';
import { ActDialog } from './act-dialog.tsx';
import type { Describe } from './act-form.ts';
import { operator } from './operator.ts';
import { OperatorDialog } from './operator-dialog.tsx';

/** An act that can be asked for. */
export interface Offer {
  readonly id: string;
  readonly label: string;
  readonly tone?: 'primary' | 'danger';
  /** Stands in for the dialog where something has to be fetched first. */
  readonly dialog: (onClosed: () => void) => ComponentChildren;
}

/** An act whose dialog needs nothing but what the page has. */
export function offer(id: string, label: string, describe: Describe, tone?: Offer['tone']): Offer {
  return {
    id,
    label,
    ...(tone === undefined ? {} : { tone }),
    dialog: (onClosed) => <ActDialog describe={describe} onClosed={onClosed} />,
  };
}

/**
 * Buttons for acts. Asks for the operator token first where it has to. `offers` are those to begin now;
 * `all` also those that may be on screen already: what is being read must not vanish under a reader.
 */
export function ActBar({
  label,
  offers,
  all = offers,
  children,
}: {
  readonly label: string;
  readonly offers: readonly Offer[];
  readonly all?: readonly Offer[];
  /** What else stands among the buttons; it needs no token. */
  readonly children?: ComponentChildren;
}) {
  const [open, setOpen] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const opener = useRef<HTMLElement | null>(null);
  const bar = useRef<HTMLDivElement>(null);
  // An act that was taken is often offered no more: whoever acted stays where they were.
  useLayoutEffect(() => {
    if (opener.current?.isConnected !== false || document.activeElement !== document.body) return;
    opener.current = null;
    bar.current?.focus();
  });
  const isLive = fresh.value.kind === 'live';
  const current = all.find(({ id }) => id === open);
  const begin = (id: string, button: HTMLElement): void => {
    opener.current = button;
    setOpen(id);
    setIsAsking(operator.value.kind === 'read_only');
  };
  const end = (): void => {
    setOpen(null);
    setIsAsking(false);
    giveBackFocus(opener.current);
  };
  return (
    <div ref={bar} class="acts" role="group" aria-label={label} tabIndex={-1}>
      {offers.map(({ id, label: name, tone }) => (
        <button
          key={id}
          type="button"
          class={tone ?? ''}
          disabled={!isLive}
          title={isLive ? undefined : 'Not while what is shown may be old'}
          onClick={(event) => begin(id, event.currentTarget)}
        >
          {name}
        </button>
      ))}
      {children}
      {current === undefined ? null : isAsking ? (
        <OperatorDialog
          purpose={current.label}
          onUnlocked={() => setIsAsking(false)}
          onClosed={end}
        />
      ) : (
        current.dialog(end)
      )}
    </div>
  );
}

/** To whatever opened the dialog, or to the page where that is gone or cannot take it now. */
function giveBackFocus(opener: HTMLElement | null): void {
  opener?.focus();
  if (opener !== null && document.activeElement === opener) return;
  document.querySelector<HTMLElement>('main')?.focus();
}
