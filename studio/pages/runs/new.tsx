import { useEffect, useState } from 'preact/hooks';
import type { FormSummary, FormView, LaunchRequest } from '../../../src/serving/studio/wire.js';
import { PageHead, SearchBox } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { get } from '../../lib/api.js';
import { report } from '../../lib/notices.js';
import { go, link } from '../../lib/router.js';
import { LaunchForm } from './launch-form.js';
import type { RunDetails } from './run-details.js';

/** All commands that train; then the form of one, filled in as far as the address says or as an earlier run was. */
export function NewRun({ query }: { readonly query: URLSearchParams }) {
  const t = words.value.start;
  const [form, setForm] = useState<FormView>();
  const [filled, setFilled] = useState<Partial<LaunchRequest>>();
  const [command, like] = [query.get('command'), query.get('like')];
  useEffect(() => {
    const load = async (): Promise<void> => {
      const earlier = like === null ? undefined : (await get<RunDetails>('/api/run', { id: like })).launch?.request;
      const name = earlier?.command ?? command;
      if (name === null) return;
      setFilled(earlier ?? filledBy(query));
      setForm(await get<FormView>('/api/forms/form', { command: name }));
    };
    load().catch(report);
  }, [command, like]);
  if (command === null && like === null) return <Commands />;
  return (
    <div class="page">
      <PageHead
        title={form?.command ?? command ?? t.title}
        lead={form?.summary === form?.command.split(' ')[1] ? undefined : form?.summary}
        back={{ href: link(['runs', 'new']), text: t.back }}
      />
      {form && filled && <LaunchForm form={form} filled={filled} suggested={query.get('name') ?? undefined} />}
    </div>
  );
}

/** `?command=reward&model=runs/sft&flag.rankings=a.jsonl` */
function filledBy(query: URLSearchParams): Partial<LaunchRequest> {
  const flags: Record<string, string[]> = {};
  for (const [key, value] of query) if (key.startsWith('flag.')) (flags[key.slice(5)] ??= []).push(value);
  return { positional: query.getAll('argument'), flags };
}

function Commands() {
  const t = words.value.start;
  const [forms, setForms] = useState<readonly FormSummary[]>();
  const [search, setSearch] = useState('');
  useEffect(() => {
    get<FormSummary[]>('/api/forms').then(setForms).catch(report);
  }, []);
  const found = forms?.filter(({ command, summary }) => `${command} ${summary}`.toLowerCase().includes(search.toLowerCase()));
  const groups = [
    ['text', t.text],
    ['images', t.images],
    ['recipes', t.recipes],
  ] as const;
  const open = (event: SubmitEvent): void => {
    event.preventDefault();
    const [first] = found ?? [];
    if (first) go(['runs', 'new'], { command: first.command });
  };
  return (
    <div class="page">
      <PageHead title={t.title} lead={t.lead} back={{ href: link(['runs']), text: words.value.runs.title }} />
      <form onSubmit={open}>
        <SearchBox label={words.value.app.search} value={search} onInput={setSearch} />
      </form>
      {forms === undefined && <p class="muted">{words.value.app.loading}</p>}
      {groups.map(([group, title]) => {
        const members = found?.filter((form) => form.group === group) ?? [];
        if (members.length === 0) return null;
        return (
          <section key={group} class="stack">
            <h2>{title}</h2>
            <ul class="commands">
              {members.map(({ command, summary }) => (
                <li key={command}>
                  <a class="card" href={link(['runs', 'new'], { command })}>
                    <strong>{command.replace(/^train (?=\S)/, '')}</strong>
                    {!command.endsWith(summary) && <span class="muted small">{summary}</span>}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}
