import { useMemo, useState } from 'preact/hooks';
import type { FlagView, FormView, LaunchRequest } from '../../../src/serving/studio/wire.js';
import { Check, Field, SearchBox } from '../../components/basics.js';
import { SettingsForm } from '../../components/schema-form.js';
import { type SettingField, settingFields, settingValue } from '../../lib/setting-fields.js';
import { words } from '../../i18n/index.js';
import { ServerError, send } from '../../lib/api.js';
import { notify, report } from '../../lib/notices.js';
import { go } from '../../lib/router.js';
import { runs } from '../../lib/runs.js';

/** What the Studio says itself. */
const own = ['--out', '--no-chat', '--no-studio'];

interface LaunchFormProps {
  readonly form: FormView;
  readonly filled: Partial<LaunchRequest>;
  readonly suggested?: string | undefined;
}

/** The form of a command that trains: its arguments, its flags, and every setting of its schema. */
export function LaunchForm({ form, filled, suggested }: LaunchFormProps) {
  const t = words.value.start;
  const [name, setName] = useState(() => freeName(suggested ?? form.command.split(' ').at(-1)!));
  const [positional, setPositional] = useState<readonly string[]>(filled.positional ?? []);
  const [flags, setFlags] = useState<LaunchRequest['flags']>(() => ({ ...filled.flags }));
  const [changes, setChanges] = useState<Readonly<Record<string, string>>>(() => textsOf(filled.settings ?? {}));
  const [problem, setProblem] = useState<ServerError>();
  const [isStarting, setStarting] = useState(false);
  const fields = useMemo(() => (form.settings ? settingFields(form.settings) : []), [form]);
  const shownFlags = form.flags.filter((flag) => !own.includes(flag.name));
  const request: LaunchRequest = {
    command: form.command,
    positional,
    flags: Object.fromEntries(Object.entries(flags).filter(([key]) => key !== 'out')),
    settings: settingsOf(fields, changes),
  };

  const start = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setStarting(true);
    setProblem(undefined);
    try {
      // Without a chat at its end, where the command has one: nobody sits at its terminal.
      const silent = form.flags.some((flag) => flag.name === '--no-chat') ? { 'no-chat': true } : {};
      await send('/api/runs', { ...request, flags: { ...request.flags, ...silent }, id: name });
      notify('done', t.started);
      go(['runs', 'show'], { run: name });
    } catch (error) {
      if (error instanceof ServerError && error.status === 400) setProblem(error);
      else report(error);
    } finally {
      setStarting(false);
    }
  };

  return (
    <form class="stack wide launch" onSubmit={start}>
      <section class="card">
        <div class="fields">
          <Field label={t.name} hint={t.nameHint}>
            <input class="input" required value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </Field>
          {form.positional.map((argument, index) => (
            <Argument
              key={argument.name}
              {...argument}
              value={positional[index] ?? ''}
              onChange={(value) => setPositional(withAt(positional, index, value))}
            />
          ))}
          {shownFlags
            .filter(({ required }) => required)
            .map((flag) => (
              <Flag key={flag.name} flag={flag} flags={flags} onChange={setFlags} />
            ))}
        </div>
      </section>
      <section class="card">
        <details>
          <summary>
            {t.data} <span class="muted">{t.changed(Object.keys(request.flags).length)}</span>
          </summary>
          <div class="fields">
            {shownFlags
              .filter(({ required }) => !required)
              .map((flag) => (
                <Flag key={flag.name} flag={flag} flags={flags} onChange={setFlags} />
              ))}
          </div>
        </details>
      </section>
      {fields.length > 0 && <Settings fields={fields} changes={changes} onChange={setChanges} />}
      {problem && (
        <div class="card problem" role="alert">
          {problem.message}
          {problem.advice && <p class="muted small">{problem.advice}</p>}
        </div>
      )}
      <div class="row wrap">
        <button class="button primary" type="submit" disabled={isStarting}>
          {t.start}
        </button>
        <span class="muted small">{t.command}:</span>
        <code class="small grow">{terminalWords(request, name)}</code>
      </div>
    </form>
  );
}

function Settings({ fields, changes, onChange }: Parameters<typeof SettingsForm>[0]) {
  const t = words.value.start;
  const [search, setSearch] = useState('');
  const found = fields.filter(({ key, schema }) =>
    `${key} ${schema.description ?? ''}`.toLowerCase().includes(search.toLowerCase()),
  );
  return (
    <section class="card">
      <details open={Object.keys(changes).length > 0}>
        <summary>
          {t.settings} <span class="muted">{t.changed(Object.keys(changes).length)}</span>
        </summary>
        <div class="stack wide">
          <SearchBox label={t.findSetting} value={search} onInput={setSearch} />
          <SettingsForm fields={found} changes={changes} onChange={onChange} />
        </div>
      </details>
    </section>
  );
}

function Argument({
  name,
  summary,
  required,
  choices,
  value,
  onChange,
}: FormView['positional'][number] & { readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <Field label={name} hint={summary}>
      {choices ? (
        <select class="select" required={required} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="" />
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input class="input" required={required} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
      )}
    </Field>
  );
}

function Flag({
  flag,
  flags,
  onChange,
}: {
  readonly flag: FlagView;
  readonly flags: LaunchRequest['flags'];
  readonly onChange: (flags: LaunchRequest['flags']) => void;
}) {
  const t = words.value.start;
  const key = flag.name.slice(2);
  const value = flags[key];
  const set = (next: string | boolean | readonly string[] | undefined): void => {
    const { [key]: _, ...rest } = flags;
    onChange(next === undefined || next === false || (next !== true && next.length === 0) ? rest : { ...rest, [key]: next });
  };
  if (flag.kind === 'switch') {
    return (
      <div class="field">
        <Check checked={value === true} onChange={set}>
          {key}
        </Check>
        <small>{flag.summary}</small>
      </div>
    );
  }
  const placeholder = typeof flag.default === 'string' ? flag.default : flag.default === undefined ? '' : JSON.stringify(flag.default);
  return (
    <Field label={flag.required ? `${key} (${t.required})` : key} hint={flag.summary}>
      {flag.kind === 'list' ? (
        <textarea
          class="area"
          rows={2}
          required={flag.required}
          placeholder={t.list}
          value={Array.isArray(value) ? value.join('\n') : ''}
          onInput={(event) => set(event.currentTarget.value.split('\n').filter((line) => line !== ''))}
        />
      ) : flag.choices ? (
        <select class="select" value={(value as string | undefined) ?? ''} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">{placeholder === '' ? '' : t.default(placeholder)}</option>
          {flag.choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          class="input"
          required={flag.required}
          placeholder={placeholder}
          value={(value as string | undefined) ?? ''}
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

const withAt = (list: readonly string[], at: number, value: string): string[] =>
  Array.from({ length: Math.max(list.length, at + 1) }, (_, index) => (index === at ? value : (list[index] ?? '')));

/** A name that no run has yet. */
function freeName(base: string): string {
  const taken = new Set(runs.value?.map(({ id }) => id));
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  return name;
}

const textsOf = (settings: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

function settingsOf(fields: readonly SettingField[], changes: Readonly<Record<string, string>>): Record<string, unknown> {
  const byKey = new Map(fields.map(({ key, schema }) => [key, schema]));
  return Object.fromEntries(
    Object.entries(changes).map(([key, text]) => [key, settingValue(byKey.get(key) ?? {}, text)]),
  );
}

/** What one would type. */
function terminalWords({ command, positional, flags, settings }: LaunchRequest, name: string): string {
  const quote = (word: string): string => (/^[\w./:=,@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const given = Object.entries(flags).flatMap(([key, value]) =>
    typeof value === 'boolean' ? [`--${key}`] : [`--${key}`, ...[value].flat()],
  );
  const set = Object.entries(settings).flatMap(([key, value]) => [
    `--${key}`,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const all = [...command.split(' '), ...positional.filter(Boolean), ...given, '--out', `runs/${name}`, ...set];
  return ['descent', ...all.map(quote)].join(' ');
}
