import { place } from '../../lib/router.js';
import { RunList } from './list.js';
import { NewRun } from './new.js';
import { RunPage } from './run.js';

/** `#/runs`, `#/runs/new?command=…`, `#/runs/show?run=…&run=…` */
export function RunsPage() {
  const { path, query } = place.value;
  if (path[1] === 'new') return <NewRun key={query.get('command') ?? ''} query={query} />;
  const ids = query.getAll('run');
  if (path[1] === 'show' && ids.length > 0) return <RunPage key={ids.join('\n')} ids={ids} />;
  return <RunList />;
}
