import { Check, Field } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { type Settings, settings } from './state.js';

/** How answers are sampled. */
export function SamplingPanel() {
  const t = words.value.chat;
  const now = settings.value;
  const set = (change: Partial<Settings>): void => {
    settings.value = { ...settings.value, ...change };
  };
  const slider = (label: string, key: 'temperature' | 'topP', max: number) => (
    <Field label={`${label}: ${now[key]}`}>
      <input
        type="range"
        min={key === 'topP' ? 0.05 : 0}
        max={max}
        step={0.05}
        value={now[key]}
        onInput={(event) => set({ [key]: event.currentTarget.valueAsNumber })}
      />
    </Field>
  );
  return (
    <section class="card stack" aria-label={t.settings}>
      <h2>{t.settings}</h2>
      <Field label={t.system}>
        <textarea
          class="area"
          rows={2}
          value={now.system}
          onInput={(event) => set({ system: event.currentTarget.value })}
        />
      </Field>
      {slider(t.temperature, 'temperature', 2)}
      {slider(t.topP, 'topP', 1)}
      <div class="fields two">
        <Field label={t.maxTokens}>
          <input
            class="input number"
            type="number"
            min={1}
            max={4096}
            value={now.maxTokens}
            onChange={(event) => set({ maxTokens: Math.max(1, event.currentTarget.valueAsNumber || 256) })}
          />
        </Field>
        <Field label={t.seed} hint={t.seedHint}>
          <input
            class="input number"
            inputMode="numeric"
            value={now.seed}
            onInput={(event) => set({ seed: event.currentTarget.value.replaceAll(/\D/g, '') })}
          />
        </Field>
      </div>
      <Check checked={now.showsTokens} onChange={(showsTokens) => set({ showsTokens })} hint={t.tokensHint}>
        {t.tokens}
      </Check>
    </section>
  );
}
