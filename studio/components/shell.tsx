import type { ComponentChildren } from 'preact';
import { words } from '../i18n/index.js';
import { wantsKey } from '../lib/api.js';
import { dismiss, notices } from '../lib/notices.js';
import { apiKey, labeler, language, theme } from '../lib/preferences.js';
import { place } from '../lib/router.js';
import { isAnyRunning } from '../lib/runs.js';
import { Button, Dialog, Field } from './basics.js';
import { Icon, Mark } from './icon.js';

const pageNames = ['runs', 'chat', 'label', 'images', 'lineage'] as const;

/** What is around every page: the way to the others, language, theme, name. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const { app, nav, status } = words.value;
  const current = place.value.path[0] ?? 'runs';
  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={toContent}>
        {app.skip}
      </a>
      <div class="side">
        <a class="brand" href="#/runs">
          <Mark />
          Descent
        </a>
        <nav aria-label={app.menu}>
          <ul class="pages">
            {pageNames.map((name) => (
              <li key={name}>
                <a href={`#/${name}`} aria-current={name === current ? 'page' : undefined}>
                  <Icon name={name} />
                  {nav[name]}
                  {name === 'runs' && isAnyRunning.value && (
                    <span class="live badge good" title={status.running}>
                      <span class="dot pulse" />
                    </span>
                  )}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <Field label={app.you} hint={app.youHint}>
            <input
              class="input"
              value={labeler.value}
              maxLength={80}
              onChange={(event) => (labeler.value = event.currentTarget.value.trim())}
            />
          </Field>
          <div class="row">
            <Button
              kind="plain"
              small
              onClick={() => (language.value = language.value === 'en' ? 'zh' : 'en')}
              lang={language.value === 'en' ? 'zh-CN' : 'en'}
            >
              {app.language}
            </Button>
            <Button
              kind="plain"
              small
              icon={theme.value === 'dark' ? 'sun' : 'moon'}
              name={theme.value === 'dark' ? app.toLight : app.toDark}
              onClick={() => (theme.value = theme.value === 'dark' ? 'light' : 'dark')}
            />
          </div>
        </div>
      </div>
      <main class="main" id="content" tabIndex={-1}>
        {children}
      </main>
      <Notices />
      {wantsKey.value && <KeyDialog />}
    </div>
  );
}

/** The address is the page's: the link must not change it. */
function toContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, text, advice }) => (
        <div key={id} class={`notice ${kind}`}>
          <div class="grow">
            {text}
            {advice && <div class="muted small">{advice}</div>}
          </div>
          <Button kind="plain" small icon="close" name={words.value.app.close} onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}

function KeyDialog() {
  const { app } = words.value;
  const close = () => (wantsKey.value = false);
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    apiKey.value = new FormData(event.currentTarget as HTMLFormElement).get('key') as string;
    location.reload();
  };
  return (
    <Dialog title={app.keyTitle} onClose={close}>
      <form class="stack" onSubmit={save}>
        <Field label={app.key}>
          <input class="input" name="key" type="password" autocomplete="current-password" required />
        </Field>
        <button class="button primary" type="submit">
          {app.retry}
        </button>
      </form>
    </Dialog>
  );
}
