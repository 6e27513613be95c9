import { CONDITIONS, WORDING } from '../../fleet/condition.ts';
import { type FleetFilter, TEXT_CHARS_MAX } from '../../fleet/filter.ts';
import type { FleetHead } from '../../fleet/verifier-row.ts';
import { setQuery } from '../../navigation.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Name } from '../../ui/name.tsx';
import { visibleText } from '../../ui/visible-text.ts';

/** States that hold beside whatever is worst. */
const MORE_STATES = { holds_old: 'holds the old key', failing: 'any failed fetch' } as const;

/** What to show of the table, kept in the address; how much of it is shown; and a way to take it along. */
export function FleetToolbar({
  filter,
  head,
  services,
  shown,
  total,
  json,
}: {
  readonly filter: FleetFilter;
  readonly head: FleetHead;
  readonly services: readonly string[];
  readonly shown: number;
  readonly total: number;
  readonly json: () => string;
}) {
  return (
    <form class="toolbar" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        Search
        <input
          type="search"
          value={filter.text}
          placeholder="name, profile, error"
          maxLength={TEXT_CHARS_MAX}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
        />
      </label>
      <Choice
        label="State"
        name="state"
        value={filter.state}
        options={[
          ...CONDITIONS.map((one) => [one, WORDING[one].word] as const),
          ...Object.entries(MORE_STATES),
        ]}
      />
      <Choice label="Service" name="service" value={filter.service} options={services.map(pair)} />
      <Choice label="Issuer" name="issuer" value={filter.issuer} options={head.issuers.map(pair)} />
      <Choice
        label="Rotation"
        name="rotation"
        value={filter.rotation}
        options={head.rotations.map(({ id }) => pair(id))}
      />
      {filter.kid === null || filter.holds === null ? null : (
        <p class="filter-note">
          {HOLDS_WORDS[filter.holds]} <Name text={filter.kid} charsMax={30} />{' '}
          <button type="button" onClick={() => setQuery({ kid: null, holds: null })}>
            Any key
          </button>
        </p>
      )}
      <p class="count" role="status">
        {shown.toLocaleString('en')} of {total.toLocaleString('en')}
      </p>
      <CopyButton text={json} label="Copy as JSON" />
    </form>
  );
}

const HOLDS_WORDS = { yes: 'holding', no: 'not holding', unknown: 'not known to hold' } as const;

function Choice({
  label,
  name,
  value,
  options,
}: {
  readonly label: string;
  readonly name: string;
  readonly value: string | null;
  readonly options: readonly (readonly [value: string, label: string])[];
}) {
  // A deep link may name what is not here, or not here yet: it stays chosen all the same.
  const isListed = value === null || options.some(([one]) => one === value);
  return (
    <label>
      {label}
      <select
        value={value ?? ''}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
      >
        <option value="">any</option>
        {isListed ? null : <option value={value ?? ''}>{visibleText(value ?? '')}</option>}
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {visibleText(text)}
          </option>
        ))}
      </select>
    </label>
  );
}

function pair(text: string): readonly [string, string] {
  return [text, text];
}
