import { words } from '../../i18n/index.js';
import { differences, flatten } from '../../lib/flatten.js';
import { dateTime, figure } from '../../lib/format.js';
import type { RunDetails } from './run-details.js';

/** One run's settings, or what differs between those of several. */
export function SettingsPanel({ runs }: { readonly runs: readonly RunDetails[] }) {
  const t = words.value.runs;
  const [only] = runs;
  if (runs.length === 1 && only) {
    const environments = (Array.isArray(only.environment) ? only.environment : []) as Record<string, unknown>[];
    return (
      <div class="columns">
        <Facts title={t.settings} values={flatten(only.config ?? {})} />
        {environments.map((environment, index) => (
          <Facts key={index} title={`${t.machine} · ${dateTime(String(environment['started']))}`} values={flatten(environment)} />
        ))}
      </div>
    );
  }
  const found = differences(runs.map(({ config }) => config));
  if (found.length === 0) return <p class="muted">{t.same}</p>;
  return (
    <div class="card flush scroll-x">
      <table>
        <thead>
          <tr>
            <th>{words.value.lineage.key}</th>
            {runs.map(({ id }) => (
              <th key={id}>{id}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.map(({ key, values }) => (
            <tr key={key}>
              <td>
                <code>{key}</code>
              </td>
              {values.map((value, index) => (
                <td key={index} class="number">
                  {value === undefined ? '–' : figure(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Facts({ title, values }: { readonly title: string; readonly values: ReadonlyMap<string, unknown> }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <dl class="facts">
        {[...values].map(([key, value]) => (
          <>
            <dt key={key}>{key}</dt>
            <dd class="number">{typeof value === 'string' ? value : figure(value)}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}
