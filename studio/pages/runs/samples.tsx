import { useEffect, useState } from 'preact/hooks';
import type { SampleView } from '../../../src/serving/studio/wire.js';
import { Empty } from '../../components/basics.js';
import { ServerImage } from '../../components/server-image.js';
import { words } from '../../i18n/index.js';
import { get } from '../../lib/api.js';
import { wholeNumber } from '../../lib/format.js';
import { report } from '../../lib/notices.js';
import { logs, runs } from '../../lib/runs.js';

/** Shown at once; older ones follow below. */
const SHOWN = 24;

/** What a run draws or writes on its way, the latest first. */
export function Samples({ id, named }: { readonly id: string; readonly named: boolean }) {
  const t = words.value.runs;
  const [samples, setSamples] = useState<readonly SampleView[]>();
  const often = Math.floor((logs.value.get(id)?.version ?? 0) / 10);
  const status = runs.value?.find((run) => run.id === id)?.state?.status;
  useEffect(() => {
    get<SampleView[]>('/api/run/samples', { id })
      .then((all) => setSamples([...all].reverse()))
      .catch(report);
  }, [id, often, status]);
  if (samples === undefined) return <p class="muted">{words.value.app.loading}</p>;
  return (
    <section class="stack">
      {named && <h2>{id}</h2>}
      {samples.length === 0 && <Empty icon="images" title={t.noSamples} text={t.noSamplesText} />}
      <ul class="samples">
        {samples.slice(0, SHOWN).map((sample) => (
          <li key={sample.step} class="card">
            <div class="muted tiny number">
              {t.step} {wholeNumber(sample.step)}
            </div>
            <Sample id={id} sample={sample.samples} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Sample({ id, sample }: { readonly id: string; readonly sample: unknown }) {
  if (isPicture(sample)) {
    const path = `/api/run/picture?${new URLSearchParams({ id, name: sample.picture.replaceAll('\\', '/') })}`;
    return <ServerImage path={path} alt={words.value.runs.samples} />;
  }
  const texts = Array.isArray(sample) ? (sample as unknown[]) : [sample];
  return (
    <>
      {texts.map((text, index) => (
        <pre key={index}>{typeof text === 'string' ? text : JSON.stringify(text, null, 2)}</pre>
      ))}
    </>
  );
}

const isPicture = (sample: unknown): sample is { readonly picture: string } =>
  typeof sample === 'object' && sample !== null && 'picture' in sample && typeof sample.picture === 'string';
