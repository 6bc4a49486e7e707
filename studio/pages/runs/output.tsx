import { useEffect, useState } from 'preact/hooks';
import { words } from '../../i18n/index.js';
import { get } from '../../lib/api.js';
import { report } from '../../lib/notices.js';

const EVERY = 2000;

/** What the command says, as a terminal would show it. */
export function Output({ id, isRunning }: { readonly id: string; readonly isRunning: boolean }) {
  const [text, setText] = useState<string>();
  useEffect(() => {
    const ask = (): void => void get<{ text: string }>('/api/run/output', { id }).then((answer) => setText(answer.text), report);
    ask();
    if (!isRunning) return undefined;
    const timer = setInterval(ask, EVERY);
    return () => clearInterval(timer);
  }, [id, isRunning]);
  return (
    <pre class="output" tabIndex={0} aria-label={words.value.runs.output}>
      {text === '' ? words.value.runs.noOutput : text}
    </pre>
  );
}
