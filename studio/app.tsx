import { Empty } from './components/basics.js';
import { Shell } from './components/shell.js';
import { words } from './i18n/index.js';
import { place } from './lib/router.js';
import { ChatPage } from './pages/chat/page.js';
import { ImagesPage } from './pages/images/page.js';
import { LabelPage } from './pages/label/page.js';
import { LineagePage } from './pages/lineage/page.js';
import { RunsPage } from './pages/runs/page.js';

export function App() {
  return (
    <Shell>
      <Page />
    </Shell>
  );
}

function Page() {
  const [name = 'runs'] = place.value.path;
  if (name === 'runs') return <RunsPage />;
  if (name === 'chat') return <ChatPage />;
  if (name === 'label') return <LabelPage />;
  if (name === 'images') return <ImagesPage />;
  if (name === 'lineage') return <LineagePage />;
  return <Empty icon="warning" title={words.value.app.notFound} />;
}
