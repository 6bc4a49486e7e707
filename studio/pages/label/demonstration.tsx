import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Field } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import type { Verdict } from './state.js';

/** Writing what the model should have said. */
export function Demonstration({
  earlier,
  onJudge,
  tools,
}: {
  readonly earlier: Verdict | undefined;
  readonly onJudge: (verdict: Verdict) => Promise<void>;
  readonly tools: ComponentChildren;
}) {
  const t = words.value.label;
  const [text, setText] = useState(earlier?.kind === 'demonstration' ? earlier.text : '');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== '') void onJudge({ kind: 'demonstration', text: text.trim() });
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Field label={t.demonstration} hint={t.demonstrationHint}>
        <textarea
          class="area"
          rows={8}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
          }}
        />
      </Field>
      <div class="row wrap">
        <button class="button primary" type="submit" disabled={text.trim() === ''}>
          {t.submit}
        </button>
        {tools}
      </div>
    </form>
  );
}
