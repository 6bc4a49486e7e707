import { useEffect } from 'preact/hooks';
import { Empty, PageHead } from '../../components/basics.js';
import { Icon } from '../../components/icon.js';
import { words } from '../../i18n/index.js';
import { figure } from '../../lib/format.js';
import { type ModelView, models } from '../../lib/models.js';
import { link, place } from '../../lib/router.js';
import { watch } from '../../lib/runs.js';
import { ModelDetails } from './details.js';
import { type Branch, familiesOf } from './tree.js';

/** `#/lineage?model=…` */
export function LineagePage() {
  const t = words.value.lineage;
  useEffect(() => watch([]), []);
  const all = models.value;
  if (all === undefined) return <p class="muted">{words.value.app.loading}</p>;
  const chosen = all.find(({ id }) => id === place.value.query.get('model'));
  return (
    <div class="page">
      <PageHead title={t.title} lead={t.lead} />
      {all.length === 0 ? (
        <Empty icon="lineage" title={t.empty} text={t.emptyText} />
      ) : (
        <div class="lineage">
          <ul class="families">
            {familiesOf(all).map((branch) => (
              <BranchView key={branch.model.id} branch={branch} chosen={chosen?.id} />
            ))}
          </ul>
          <div class="lineage-side">
            {chosen ? <ModelDetails model={chosen} all={all} /> : <p class="muted">{t.choose}</p>}
          </div>
        </div>
      )}
    </div>
  );
}

function BranchView({ branch, chosen }: { readonly branch: Branch; readonly chosen: string | undefined }) {
  const t = words.value.lineage;
  const { model, children } = branch;
  return (
    <li>
      <a
        class="card model-node"
        href={link(['lineage'], { model: model.id })}
        aria-current={model.id === chosen ? 'true' : undefined}
      >
        <span class="row">
          <strong class="breakable">{model.id}</strong>
          {model.promoted && (
            <span class="badge good" title={t.promotedHint}>
              <Icon name="star" />
              {t.promoted}
            </span>
          )}
        </span>
        <span class="muted small">{model.lineage?.stage ?? t.kinds[model.kind]}</span>
        <span class="muted tiny number">{headlineOf(model)}</span>
      </a>
      {children.length > 0 && (
        <ul>
          {children.map((child) => (
            <BranchView key={child.model.id} branch={child} chosen={chosen} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** The figure that tells most. */
function headlineOf({ lineage }: ModelView): string {
  const results = lineage?.results ?? {};
  const key = ['accuracy', 'validationLoss', 'frechetDistance', 'nats', 'steps'].find((name) => name in results);
  return key === undefined ? '' : `${words.value.figures[key] ?? key} ${figure(results[key])}`;
}
