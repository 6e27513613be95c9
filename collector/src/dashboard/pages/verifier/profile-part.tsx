import type { ComponentChildren } from 'preact';
import type { VerifierDetailView } from '../../../api/schemas/verifier-detail.ts';
import { Card } from '../../ui/card.tsx';
import { formatDuration } from '../../ui/duration.ts';
import { Name } from '../../ui/name.tsx';

/** How its kind keeps keys, and what its service was declared to be. */
export function ProfilePart({ detail }: { readonly detail: VerifierDetailView }) {
  const { profile, service, verifier } = detail;
  return (
    <Card title="How it works">
      <dl class="verifier-facts">
        <Fact name="Profile">
          <Name text={profile.name} charsMax={60} />{' '}
          {profile.id === '' ? null : (
            <span class="soft">
              <Name text={profile.id} charsMax={40} />
            </span>
          )}
        </Fact>
        {verifier.profile === profile.id || verifier.profile === '' ? null : (
          <Fact name="It calls itself">
            <Name text={verifier.profile} charsMax={40} />
          </Fact>
        )}
        <Fact name="Known by">{SOURCES[verifier.source]}</Fact>
        <Fact name="Refreshes every">{seconds(profile.refresh_s, 'never by itself')}</Fact>
        <Fact name="Meets an unknown key">
          {profile.refetches_on_unknown_kid
            ? `fetches, at most every ${seconds(profile.cooldown_s, 'unknown time')}`
            : 'refuses it until its next refresh'}
        </Fact>
        <Fact name="May refuse a new key for">
          {seconds(profile.new_kid_refused_s, 'no bound is known')}
        </Fact>
        <Fact name="May accept a removed key for">
          {seconds(profile.removed_key_accepted_s, 'no bound is known')}
        </Fact>
        <Fact name="Service">
          {service.kind}
          {service.declared ? '' : ', not declared'}
          {service.required ? '' : ', not required'}; {service.instances_live} live of{' '}
          {service.instances_expected ?? 'an undeclared number of'} instances
        </Fact>
      </dl>
    </Card>
  );
}

const SOURCES: Readonly<Record<VerifierDetailView['verifier']['source'], string>> = {
  in_process: 'an agent inside its process',
  pushed: 'what it pushes to its agent',
  proxy: 'the documents its proxy served it',
};

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function seconds(value: number | null, missing: string): string {
  return value === null ? missing : formatDuration(value * 1_000);
}
