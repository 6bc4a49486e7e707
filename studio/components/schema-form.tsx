import type { SettingSchema } from '../../src/serving/studio/wire.js';
import { words } from '../i18n/index.js';
import { Button } from './basics.js';

/** A form made from a JSON Schema: every leaf is a field, what it means stands below it, and only changes are kept. */

export interface SettingField {
  /** Dotted. */
  readonly key: string;
  readonly schema: SettingSchema;
}

/** The leaves of a schema, as dotted keys. */
export function settingFields(schema: SettingSchema, prefix = ''): SettingField[] {
  const properties = schema.properties ?? schema.anyOf?.find((option) => option.properties)?.properties;
  if (properties === undefined) return [{ key: prefix, schema }];
  return Object.entries(properties).flatMap(([name, child]) =>
    settingFields(child, prefix === '' ? name : `${prefix}.${name}`),
  );
}

/** What a text in a field means to a setting. Numbers, true, false, null and lists are those; all else is text. */
export function settingValue(schema: SettingSchema, text: string): unknown {
  if (choicesOf(schema)?.includes(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const variantsOf = (schema: SettingSchema): readonly SettingSchema[] => schema.anyOf ?? [schema];

const choicesOf = (schema: SettingSchema): string[] | undefined => {
  const found = variantsOf(schema).flatMap(
    (option) => option.enum ?? (typeof option.const === 'string' ? [option.const] : []),
  );
  return found.length > 0 ? found.map(String) : undefined;
};

const isBoolean = (schema: SettingSchema): boolean => variantsOf(schema).some(({ type }) => type === 'boolean');
const isNumber = (schema: SettingSchema): boolean =>
  variantsOf(schema).every(({ type }) => type === 'number' || type === 'integer' || type === 'null');

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
