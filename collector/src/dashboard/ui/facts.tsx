import type { ComponentChildren } from 'preact';

/** A fact with its name; null leaves it out. */
export type Fact = readonly [name: string, value: ComponentChildren] | null;

/** Named facts, one under the other. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="fact-list">
      {facts.map((fact) =>
        fact === null ? null : (
          <div key={fact[0]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
