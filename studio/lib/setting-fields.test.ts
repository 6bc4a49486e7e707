import { expect, it } from 'vitest';
import { settingFields, settingValue } from './setting-fields.js';

const schema = {
  properties: {
    rate: { type: 'number', default: 0.1 },
    kind: { enum: ['adam', '1'] },
    inner: { anyOf: [{ type: 'null' }, { properties: { on: { type: 'boolean' } } }] },
  },
};

it('makes a field of each leaf, under its dotted key', () => {
  expect(settingFields(schema as never).map(({ key }) => key)).toEqual(['rate', 'kind', 'inner.on']);
});

it('reads numbers, switches, lists and null, and leaves choices and other text as they are', () => {
  expect(settingValue(schema.properties.rate, '3e-4')).toBe(3e-4);
  expect(settingValue({ type: 'boolean' }, 'true')).toBe(true);
  expect(settingValue({}, 'null')).toBe(null);
  expect(settingValue({}, '[1, 2]')).toEqual([1, 2]);
  expect(settingValue({}, 'some text')).toBe('some text');
  expect(settingValue(schema.properties.kind, '1')).toBe('1');
});
