import type { SettingSchema } from '../../src/serving/studio/wire.js';

/** The leaves of a JSON Schema, and what a text means to them. */

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

export const choicesOf = (schema: SettingSchema): string[] | undefined => {
  const found = variantsOf(schema).flatMap(
    (option) => option.enum ?? (typeof option.const === 'string' ? [option.const] : []),
  );
  return found.length > 0 ? found.map(String) : undefined;
};

export const isBoolean = (schema: SettingSchema): boolean => variantsOf(schema).some(({ type }) => type === 'boolean');
export const isNumber = (schema: SettingSchema): boolean =>
  variantsOf(schema).every(({ type }) => type === 'number' || type === 'integer' || type === 'null');
