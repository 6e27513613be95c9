import { counted } from '@keyturn/shared/model/counted.ts';
import type { RotationGlanceView } from '../../../api/schemas/glance.ts';
import type { OverviewView } from '../../../api/schemas/overview.ts';
import { StartAct } from '../../acts/start-act.tsx';
import { fresh, nowMs } from '../../live/live.ts';
import { useView } from '../../live/use-view.ts';
import { Card } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';
import { LeftOut } from '../../ui/left-out.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { useTitle } from '../../use-title.ts';
import { AlertGroups } from '../alerts/alert-groups.tsx';
import { IssuerRows } from '../issuers/issuer-rows.tsx';
import { isCalm } from './attention.ts';
import { CollectorFacts, CollectorProblems } from './collector-part.tsx';
import { RotationCard } from './rotation-card.tsx';

/** Everything at a glance: what needs a person first. */
export function OverviewPage() {
  const view = useView('overview');
  useTitle('Overview');
  if (view === undefined || view === null) {
    return <Waiting value={view} missing="The collector could not say how it is." />;
  }
  return (
    <>
      <h1>Overview</h1>
      <Calm view={view} />
      <Alerts alerts={view.alerts} />
      <CollectorProblems health={view.collector} />
      <Rotations view={view} />
      <Issuers view={view} />
      <CollectorFacts health={view.collector} />
    </>
  );
}

/** One line that nothing needs a person, and what would stand in its place. Never said of old news. */
function Calm({ view }: { readonly view: OverviewView }) {
  if (fresh.value.kind !== 'live' || !isCalm(view, nowMs.value)) return null;
  const verifiers = view.issuers.reduce((sum, { fleet }) => sum + fleet.reporting, 0);
  return (
    <p class="calm" role="status">
      <strong>Nothing is the matter.</strong> No alert fires, the JWKS of{' '}
      {counted(view.issuers.length, 'issuer')} can be read, and every verifier that is known reports
      ({verifiers}).{' '}
      <span class="soft">
        Alerts, silent verifiers, issuers that cannot be read, rotations that should go back or that
        nobody can judge, and trouble of the collector would be shown here.
      </span>
    </p>
  );
}

function Alerts({ alerts }: { readonly alerts: OverviewView['alerts'] }) {
  if (alerts.firing === 0) return null;
  const critical = alerts.critical === 0 ? '' : `, ${alerts.critical} critical`;
  return (
    <Card
      title={`${counted(alerts.firing, 'alert')} firing${critical}`}
      tone="alarm"
      aside={<a href="/alerts">All alerts</a>}
    >
      <AlertGroups groups={alerts.groups} />
      {alerts.more === 0 ? null : (
        <p class="soft left-out">
          and {alerts.more} more: <a href="/alerts?state=firing">all that fire</a>
        </p>
      )}
    </Card>
  );
}

function Rotations({ view }: { readonly view: OverviewView }) {
  const ours = view.rotations.filter(({ origin }) => origin === 'declared');
  const observed = view.rotations.filter(({ origin }) => origin === 'observed');
  return (
    <>
      <section aria-labelledby="open-rotations">
        <h2 id="open-rotations">
          {ours.length === 0 ? 'No rotation is open' : 'Open rotations'}
          {ours.length > 1 ? <span class="soft"> ({ours.length})</span> : null}
        </h2>
        {ours.length === 0 ? <HowToStart /> : <Cards rotations={ours} />}
        <StartAct />
      </section>
      {observed.length === 0 ? null : (
        <section aria-labelledby="observed-rotations">
          <h2 id="observed-rotations">Observed rotations</h2>
          <p class="soft">
            Keys that appeared by themselves. Their gates are advisory: nobody here takes the steps.
          </p>
          <Cards rotations={observed} />
        </section>
      )}
      <LeftOut
        count={view.more_rotations}
        what="open rotations"
        where="keyturn rotation list shows all"
      />
    </>
  );
}

function HowToStart() {
  return (
    <p class="soft">
      To start one:{' '}
      <Command text="keyturn rotation start --issuer ISSUER --alg ALG --new-kid KID" />
    </p>
  );
}

function Cards({ rotations }: { readonly rotations: readonly RotationGlanceView[] }) {
  return (
    <div class="rotation-cards">
      {rotations.map((rotation) => (
        <RotationCard key={rotation.id} rotation={rotation} />
      ))}
    </div>
  );
}

function Issuers({ view }: { readonly view: OverviewView }) {
  return (
    <section aria-labelledby="issuers">
      <h2 id="issuers">Issuers</h2>
      {view.issuers.length === 0 ? (
        <p class="soft">No issuer is in the settings.</p>
      ) : (
        <IssuerRows issuers={view.issuers} />
      )}
      <LeftOut count={view.more_issuers} what="issuers" where="keyturn status shows all" />
    </section>
  );
}
