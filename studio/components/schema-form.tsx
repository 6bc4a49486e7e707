import { words } from '../i18n/index.js';
import { type SettingField, choicesOf, isBoolean, isNumber } from '../lib/setting-fields.js';
import { Button } from './basics.js';

/** A form made from a JSON Schema: every leaf is a field, what it means stands below it, and only changes are kept. */

interface SettingsFormProps {
  readonly fields: readonly SettingField[];
  /** Texts of the settings that were changed. */
  readonly changes: Readonly<Record<string, string>>;
  readonly onChange: (changes: Readonly<Record<string, string>>) => void;
}

export function SettingsForm({ fields, changes, onChange }: SettingsFormProps) {
  const set = (key: string, text: string): void => {
    const { [key]: _, ...rest } = changes;
    onChange(text === '' ? rest : { ...rest, [key]: text });
  };
  const groups = new Map<string, SettingField[]>();
  for (const field of fields) {
    const group = field.key.split('.').slice(0, -1).join('.');
    groups.set(group, [...(groups.get(group) ?? []), field]);
  }
  return (
    <div class="stack wide">
      {[...groups].map(([group, members]) => (
        <fieldset key={group} class="stack">
          {group !== '' && (
            <legend>
              <h3>{group}</h3>
            </legend>
          )}
          <div class="fields">
            {members.map((field) => (
              <Setting
                key={field.key}
                field={field}
                text={changes[field.key]}
                onChange={(text) => set(field.key, text)}
              />
            ))}
          </div>
        </fieldset>
      ))}
    </div>
  );
}

function Setting({
  field: { key, schema },
  text,
  onChange,
}: {
  readonly field: SettingField;
  readonly text: string | undefined;
  readonly onChange: (text: string) => void;
}) {
  const t = words.value.start;
  const name = key.split('.').at(-1)!;
  const standard =
    schema.default === undefined ? '' : schema.default === null ? t.none : JSON.stringify(schema.default);
  const choices = isBoolean(schema) ? ['true', 'false'] : choicesOf(schema);
  const said = (value: string): string => (value === 'true' ? t.yes : value === 'false' ? t.no : value);
  const shared = { id: `setting-${key}`, 'aria-describedby': `about-${key}` };
  return (
    <div class={`field ${text === undefined ? '' : 'changed'}`}>
      <div class="row between label">
        <label for={shared.id}>{name}</label>
        {text !== undefined && <Button kind="plain" small icon="undo" name={t.reset} onClick={() => onChange('')} />}
      </div>
      {choices ? (
        <select {...shared} class="select" value={text ?? ''} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">{t.default(said(standard.replaceAll('"', '')))}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {said(choice)}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          class="input number"
          inputMode={isNumber(schema) ? 'decimal' : undefined}
          value={text ?? ''}
          placeholder={standard.replaceAll('"', '')}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
      <small id={`about-${key}`}>{schema.description}</small>
    </div>
  );
}
