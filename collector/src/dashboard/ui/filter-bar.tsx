import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { query, setQuery } from '../navigation.ts';
import { shortText } from './visible-text.ts';

const TYPING_MS = 250;

const TEXT_CHARS_MAX = 100;

const OPTION_CHARS_MAX = 60;

/** Fields that filter what a page shows; what they say stands in its address. */
export function FilterBar({
  label,
  fields,
  children,
}: {
  readonly label: string;
  /** Names of its parts in the address. */
  readonly fields: readonly string[];
  readonly children: ComponentChildren;
}) {
  const isSet = fields.some((field) => query.value.has(field));
  const clear = (): void => setQuery(Object.fromEntries(fields.map((field) => [field, null])));
  return (
    <form
      class="filters"
      role="search"
      aria-label={label}
      onSubmit={(event) => event.preventDefault()}
    >
      {children}
      {isSet ? (
        <button type="button" onClick={clear}>
          Show all
        </button>
      ) : null}
    </form>
  );
}

/** Text looked for; taken once the typing rests. */
export function TextFilter({ field, label }: { readonly field: string; readonly label: string }) {
  const id = useId();
  const present = query.value.get(field) ?? '';
  const [typed, setTyped] = useState(present);
  useEffect(() => setTyped(present), [present]);
  useEffect(() => {
    if (typed === present) return undefined;
    const timer = setTimeout(() => setQuery({ [field]: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label for={id}>
      <span>{label}</span>
      <input
        id={id}
        type="search"
        value={typed}
        maxLength={TEXT_CHARS_MAX}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}

/** One of several, or any. */
export function ChoiceFilter({
  field,
  label,
  any,
  choices,
}: {
  readonly field: string;
  readonly label: string;
  /** What it says when it filters nothing. */
  readonly any: string;
  readonly choices: readonly { readonly value: string; readonly text: string }[];
}) {
  const id = useId();
  const present = query.value.get(field) ?? '';
  // What the address says stays to be seen, even where there is nothing of it.
  const isListed = present === '' || choices.some(({ value }) => value === present);
  return (
    <label for={id}>
      <span>{label}</span>
      <select
        id={id}
        value={present}
        onChange={(event) => setQuery({ [field]: event.currentTarget.value })}
      >
        <option value="">{any}</option>
        {isListed ? null : <option value={present}>{shortText(present, OPTION_CHARS_MAX)}</option>}
        {choices.map(({ value, text }) => (
          <option key={value} value={value}>
            {shortText(text, OPTION_CHARS_MAX)}
          </option>
        ))}
      </select>
    </label>
  );
}
