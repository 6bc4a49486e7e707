import { useState } from 'preact/hooks';
import { words } from '../../i18n/index.js';
import type { ShownToken } from '../../lib/completions.js';
import { observe } from '../../lib/observe.js';
import { revision } from './state.js';

/** An answer token by token: the less probable, the stronger its colour; what else could have stood there is told below. */
export function TokenView({ tokens }: { readonly tokens: readonly ShownToken[] }) {
  const t = words.value.chat;
  // Tokens are added in place.
  observe(revision);
  const [chosen, setChosen] = useState<number>();
  const token = chosen === undefined ? undefined : tokens[chosen];
  return (
    <div class="token-view">
      <div class="tokens">
        {tokens.map(({ text, logProb }, index) => (
          <span
            key={index}
            class="token"
            tabIndex={0}
            style={{ '--surprise': Math.min(1, -logProb / 5).toFixed(3) }}
            onMouseEnter={() => setChosen(index)}
            onFocus={() => setChosen(index)}
          >
            {text}
          </span>
        ))}
      </div>
      <div class="alternatives small" aria-live="polite">
        {token === undefined ? (
          <span class="muted">{t.tokensHint}</span>
        ) : (
          <>
            <span>
              <code>{visible(token.text)}</code> <b class="number">{probability(token.logProb)}</b>
            </span>
            <span class="muted">{t.alternatives}</span>
            {token.alternatives
              .filter(({ text }) => text !== token.text)
              .map(({ text, logProb }, index) => (
                <span key={index}>
                  <code>{visible(text)}</code> <span class="number muted">{probability(logProb)}</span>
                </span>
              ))}
          </>
        )}
      </div>
    </div>
  );
}

const probability = (logProb: number): string => `${(100 * Math.exp(logProb)).toFixed(1)}%`;

/** Spaces and line ends as signs. */
const visible = (text: string): string => text.replaceAll(' ', '␣').replaceAll('\n', '⏎');
