import { Name } from '../ui/name.tsx';
import type { Consequence } from './act-form.ts';

const SENTENCE_CHARS_MAX = 600;

const WORDS: Readonly<Record<Consequence['tone'], string>> = {
  plain: '',
  good: 'Fine: ',
  warning: 'Mind: ',
  danger: 'Danger: ',
};

/** What follows from an act, before anything is asked. Tones are told by a word too. */
export function ActConsequences({
  consequences,
  id,
}: {
  readonly id?: string;
  readonly consequences: readonly Consequence[];
}) {
  return (
    <ul id={id} class="consequences" aria-label="What follows from it">
      {consequences.map(({ tone, text, items = [] }) => (
        <li key={text} class={tone}>
          {WORDS[tone] === '' ? null : <strong class="visually-hidden">{WORDS[tone]}</strong>}
          <Name text={text} charsMax={SENTENCE_CHARS_MAX} />
          {items.length === 0 ? null : (
            <ul>
              {items.map((item) => (
                <li key={item}>
                  <Name text={item} charsMax={SENTENCE_CHARS_MAX} />
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}
