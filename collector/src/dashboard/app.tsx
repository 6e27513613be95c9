import { render } from 'preact';
import { startOperator } from './acts/operator.ts';
import { startLive } from './live/live.ts';
import { route, startNavigation } from './navigation.ts';
import { AlertPage } from './pages/alerts/alert-page.tsx';
import { AlertsPage } from './pages/alerts/alerts-page.tsx';
import { InventoryPage } from './pages/inventory/inventory-page.tsx';
import { IssuersPage } from './pages/issuers/issuers-page.tsx';
import { OverviewPage } from './pages/overview/overview-page.tsx';
import { RotationPage } from './pages/rotation/rotation-page.tsx';
import { VerifierPage } from './pages/verifier/verifier-page.tsx';
import { VerifiersPage } from './pages/verifiers/verifiers-page.tsx';
import { RotationsPage } from './pages/rotations/rotations-page.tsx';
import { startPrinting } from './print/before-print.ts';
import { Shell } from './shell.tsx';
import { startTab } from './tab/tab.ts';
import { useTitle } from './use-title.ts';

function App() {
  return (
    <Shell>
      <Page />
    </Shell>
  );
}

function Page() {
  const where = route.value;
  switch (where.page) {
    case 'overview':
      return <OverviewPage />;
    case 'rotations':
      return <RotationsPage />;
    case 'rotation':
      return <RotationPage key={where.id} id={where.id} />;
    case 'verifiers':
      return <VerifiersPage />;
    case 'verifier': {
      const { service, instance, cache } = where;
      return (
        <VerifierPage
          key={`${service}/${instance}/${cache}`}
          service={service}
          instance={instance}
          cache={cache}
        />
      );
    }
    case 'alerts':
      return <AlertsPage />;
    case 'alert':
      return <AlertPage key={where.id} id={where.id} />;
    case 'issuers':
      return <IssuersPage />;
    case 'inventory':
      return <InventoryPage />;
    case 'unknown':
      return <NotFound />;
  }
}

function NotFound() {
  useTitle('Nothing is here');
  return (
    <>
      <h1>Nothing is here</h1>
      <p>
        The address leads to no page. <a href="/">Overview</a>
      </p>
    </>
  );
}

const root = document.getElementById('app');
if (root !== null) {
  startNavigation();
  startLive();
  startOperator();
  startTab();
  startPrinting();
  render(<App />, root);
}
