import { useState } from 'preact/hooks';
import { Button, LinkButton } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { download, send } from '../../lib/api.js';
import { differences, flatten } from '../../lib/flatten.js';
import { bytes, dateTime, figure } from '../../lib/format.js';
import { type ModelView, refreshModels } from '../../lib/models.js';
import { attempt, notify } from '../../lib/notices.js';
import { link } from '../../lib/router.js';
import { parentOf } from './tree.js';

/** What a model is, what it was made from, what it came to, and what changed since its parent. */
export function ModelDetails({ model, all }: { readonly model: ModelView; readonly all: readonly ModelView[] }) {
  const t = words.value.lineage;
  const { id, lineage, kind } = model;
  const parent = parentOf(model, all);
  return (
    <article class="stack wide" aria-label={id}>
      <section class="card stack">
        <h2 class="breakable">{id}</h2>
        <Actions model={model} />
        <dl class="facts">
          <dt>{t.stage}</dt>
          <dd>{lineage?.stage ?? t.kinds[kind]}</dd>
          {lineage && (
            <>
              <dt>{t.made}</dt>
              <dd>{dateTime(lineage.createdAt)}</dd>
              <dt>{t.id}</dt>
              <dd>
                <code>{lineage.id}</code>
              </dd>
            </>
          )}
          <dt>{t.size}</dt>
          <dd class="number">{bytes(model.bytes)}</dd>
        </dl>
      </section>
      {lineage && (
        <>
          <section class="card stack">
            <h2>{t.ancestors}</h2>
            <dl class="facts">
              {lineage.ancestors.map((ancestor, index) => {
                const known = all.find((other) => other.lineage?.id === ancestor.id);
                return [
                  <dt key={`role ${index}`}>{t.roles[ancestor.role] ?? ancestor.role}</dt>,
                  <dd key={`name ${index}`}>
                    {known ? <a href={link(['lineage'], { model: known.id })}>{known.id}</a> : ancestor.name}
                    {ancestor.size && <span class="muted"> · {ancestor.size}</span>}
                  </dd>,
                ];
              })}
            </dl>
          </section>
          <Facts title={t.figures} values={flatten(lineage.results)} />
          {parent?.lineage && <Changes model={model} parent={parent} />}
          <details class="card">
            <summary>{t.settings}</summary>
            <FactList values={flatten(lineage.settings)} />
          </details>
        </>
      )}
    </article>
  );
}

function Actions({ model }: { readonly model: ModelView }) {
  const t = words.value.lineage;
  const [isServing, setServing] = useState(false);
  const { id, kind } = model;
  const promote = async (): Promise<void> => {
    if ((await attempt(() => send('/api/models/promote', {}, { query: { id } }))) === undefined) return;
    notify('done', t.promotedNow(id));
    await refreshModels();
  };
  const call = `curl ${location.origin}/v1/${kind === 'image' ? 'images/generations' : 'chat/completions'} \\
  -H 'content-type: application/json' \\
  -d '${JSON.stringify(kind === 'image' ? { model: id, prompt: '' } : { model: id, messages: [{ role: 'user', content: 'Hello' }] })}'`;
  return (
    <>
      <div class="row wrap">
        {kind === 'language-model' && (
          <LinkButton kind="primary" icon="chat" href={link(['chat'], { model: id })}>
            {t.chat}
          </LinkButton>
        )}
        {kind === 'image' && (
          <LinkButton kind="primary" icon="images" href={link(['images'], { model: id })}>
            {t.draw}
          </LinkButton>
        )}
        <Button icon="star" disabled={model.promoted} title={t.promotedHint} onClick={() => void promote()}>
          {model.promoted ? t.promoted : t.promote}
        </Button>
        {kind !== 'reward-model' && (
          <Button icon="send" aria-pressed={isServing} onClick={() => setServing(!isServing)}>
            {t.serve}
          </Button>
        )}
        <Button
          icon="download"
          onClick={() => void attempt(() => download('/api/models/archive', { id }, `${id.replaceAll('/', '-')}.tar`))}
        >
          {t.download}
        </Button>
      </div>
      {isServing && (
        <div class="stack">
          <p class="muted small">{t.serveText}</p>
          <pre>{call}</pre>
        </div>
      )}
    </>
  );
}

function Changes({ model, parent }: { readonly model: ModelView; readonly parent: ModelView }) {
  const t = words.value.lineage;
  const settings = [parent, model].map(({ lineage }) => {
    const { fingerprint: _, ...rest } = lineage!.settings;
    return rest;
  });
  // A parent of another stage has settings that this one knows nothing of.
  const found = differences(settings).filter(({ values: [, now] }) => now !== undefined);
  return (
    <section class="card stack">
      <h2>{t.changed}</h2>
      {found.length === 0 ? (
        <p class="muted small">{t.noChange}</p>
      ) : (
        <div class="scroll-x">
          <table class="small">
            <thead>
              <tr>
                <th>{t.key}</th>
                <th>{t.parent}</th>
                <th>{t.child}</th>
              </tr>
            </thead>
            <tbody>
              {found.map(({ key, values: [before, now] }) => (
                <tr key={key}>
                  <td class="breakable">
                    <code>{key}</code>
                  </td>
                  <td class="number muted">{before === undefined ? '–' : figure(before)}</td>
                  <td class="number">{now === undefined ? '–' : figure(now)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Facts({ title, values }: { readonly title: string; readonly values: ReadonlyMap<string, unknown> }) {
  return (
    <section class="card stack">
      <h2>{title}</h2>
      <FactList values={values} />
    </section>
  );
}

function FactList({ values }: { readonly values: ReadonlyMap<string, unknown> }) {
  return (
    <dl class="facts">
      {[...values].map(([key, value]) => [
        <dt key={`key ${key}`}>{words.value.figures[key] ?? key}</dt>,
        <dd key={`value ${key}`} class="number">
          {typeof value === 'string' ? value : figure(value)}
        </dd>,
      ])}
    </dl>
  );
}
