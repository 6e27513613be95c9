import { useId } from 'preact/hooks';
import { visibleText } from '../ui/visible-text.ts';
import { type Field, TEXT_CHARS_MAX } from './act-form.ts';

/** One thing a person fills in, with its label and what is said of it. */
export function ActField({
  field,
  value,
  onInput,
}: {
  readonly field: Field;
  readonly value: string;
  readonly onInput: (value: string) => void;
}) {
  const id = useId();
  const hint = field.hint === undefined ? undefined : `${id}-hint`;
  if (field.kind === 'confirmed') {
    return (
      <label class="field confirmed">
        <input
          type="checkbox"
          checked={value === 'yes'}
          onInput={(event) => onInput(event.currentTarget.checked ? 'yes' : '')}
        />
        <bdi>{visibleText(field.label)}</bdi>
      </label>
    );
  }
  return (
    <div class="field">
      <label for={id}>
        <bdi>{visibleText(field.label)}</bdi>
      </label>
      <Control field={field} value={value} onInput={onInput} id={id} hint={hint} />
      {field.hint === undefined ? null : (
        <span id={hint} class="soft">
          {field.hint}
        </span>
      )}
    </div>
  );
}

function Control({
  field,
  value,
  onInput,
  id,
  hint,
}: {
  readonly field: Exclude<Field, { readonly kind: 'confirmed' }>;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly id: string;
  readonly hint: string | undefined;
}) {
  switch (field.kind) {
    case 'reason':
      return (
        <textarea
          id={id}
          rows={2}
          maxLength={TEXT_CHARS_MAX}
          required
          aria-describedby={hint}
          value={value}
          // A reason is one line of the audit trail, however it is wrapped here.
          onInput={(event) => onInput(event.currentTarget.value.replaceAll(/[\r\n]+/g, ' '))}
        />
      );
    case 'text':
      return (
        <input
          id={id}
          type="text"
          maxLength={field.charsMax}
          required={field.required}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={hint}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      );
    case 'choice':
      return (
        <select
          id={id}
          aria-describedby={hint}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        >
          {field.choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {visibleText(choice.label)}
            </option>
          ))}
        </select>
      );
  }
}
