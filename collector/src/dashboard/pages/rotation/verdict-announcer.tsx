import { useEffect, useRef, useState } from 'preact/hooks';
import type { VerdictView } from '../../../api/schemas/verdict.ts';
import { fresh } from '../../live/live.ts';
import { visibleText } from '../../ui/visible-text.ts';
import { changesOf, wordOf } from './verdict-words.ts';

/** Says to people who listen which verdict has just become another one. */
export function VerdictAnnouncer({ gates }: { readonly gates: readonly VerdictView[] }) {
  const heard = useRef<ReadonlyMap<string, string>>(new Map());
  const [said, setSaid] = useState('');
  const words = gates.map((verdict) => `${verdict.gate} ${wordOf(verdict)}`).join();
  useEffect(() => {
    const changes = changesOf(heard.current, gates);
    heard.current = new Map(gates.map((verdict) => [verdict.gate, wordOf(verdict)]));
    if (changes.length > 0) setSaid(changes.join(' '));
  }, [words]);
  return (
    <p class="visually-hidden" aria-live="polite">
      {fresh.value.kind === 'live' ? visibleText(said) : ''}
    </p>
  );
}
