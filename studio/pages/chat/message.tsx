import { useState } from 'preact/hooks';
import { Button } from '../../components/basics.js';
import { Markdown } from '../../components/markdown.js';
import { words } from '../../i18n/index.js';
import { notify } from '../../lib/notices.js';
import { observe } from '../../lib/observe.js';
import { labeler } from '../../lib/preferences.js';
import { type Column, edit, giveThumb, regenerate, revision, settings, show } from './state.js';
import { TokenView } from './token-view.js';
import type { Turn } from './tree.js';

interface MessageProps {
  readonly column: Column;
  readonly turn: Turn;
  /** What it follows. */
  readonly parent: Turn;
  /** Messages before it. */
  readonly depth: number;
  /** Without what tells whose it is, and without thumbs. */
  readonly blind: boolean;
}

export function Message(props: MessageProps) {
  return props.turn.role === 'user' ? <Question {...props} /> : <Answer {...props} />;
}

function Question({ turn, parent, depth }: MessageProps) {
  const t = words.value.chat;
  observe(revision);
  const [draft, setDraft] = useState<string>();
  if (draft !== undefined) {
    return (
      <form
        class="question editing"
        onSubmit={(event) => {
          event.preventDefault();
          setDraft(undefined);
          edit(depth, draft);
        }}
      >
        <textarea
          class="area"
          rows={3}
          aria-label={t.edit}
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
        />
        <div class="row">
          <button class="button small primary" type="submit">
            {t.save}
          </button>
          <Button small kind="plain" onClick={() => setDraft(undefined)}>
            {words.value.app.cancel}
          </Button>
        </div>
      </form>
    );
  }
  return (
    <div class="question">
      <span class="visually-hidden">{t.user}: </span>
      {turn.images.map((image, index) => (
        <img key={index} src={image} alt="" />
      ))}
      <div class="said">{turn.text}</div>
      <div class="message-tools">
        <Versions turn={turn} parent={parent} />
        <Button small kind="plain" icon="edit" name={t.edit} onClick={() => setDraft(turn.text)} />
      </div>
    </div>
  );
}

function Answer({ column, turn, parent, blind }: MessageProps) {
  const t = words.value.chat;
  // The turn is changed in place: without this nothing would be drawn anew.
  observe(revision);
  const made = turn.made!;
  const showsTokens = settings.value.showsTokens && made.tokens.length > 0;
  const thumb = async (value: -1 | 1): Promise<void> => {
    if (labeler.value === '') notify('error', t.needName);
    else if (await giveThumb(column, turn, value)) notify('done', t.thanks);
  };
  return (
    <article class="answer" aria-busy={made.state === 'writing'} aria-label={blind ? undefined : made.model}>
      {showsTokens ? <TokenView tokens={made.tokens} /> : <Markdown text={turn.text} />}
      {made.state === 'writing' && turn.text === '' && <span class="dot pulse muted" />}
      {made.state === 'done' && turn.text === '' && <p class="muted small">{t.silent}</p>}
      {made.error !== undefined && (
        <p class="problem" role="alert">
          {made.error}
        </p>
      )}
      {made.state !== 'writing' && (
        <div class="message-tools">
          <Versions turn={turn} parent={parent} />
          {!blind && (
            <>
              <Button small kind="plain" icon="again" name={t.regenerate} onClick={() => regenerate(column, turn)} />
              <Button
                small
                kind="plain"
                icon="copy"
                name={words.value.app.copy}
                onClick={() =>
                  void navigator.clipboard.writeText(turn.text).then(() => notify('done', words.value.app.copied))
                }
              />
              <Button
                small
                kind="plain"
                icon="up"
                name={t.good}
                aria-pressed={made.thumb === 1}
                onClick={() => void thumb(1)}
              />
              <Button
                small
                kind="plain"
                icon="down"
                name={t.bad}
                aria-pressed={made.thumb === -1}
                onClick={() => void thumb(-1)}
              />
              <span class="muted tiny number">
                {made.finish === 'abort' && `${t.stopped} · `}
                {made.finish === 'length' && `${t.cut} · `}
                {made.tokensPerSecond !== undefined && t.perSecond(made.tokensPerSecond.toFixed(0))}
              </span>
            </>
          )}
        </div>
      )}
    </article>
  );
}

function Versions({ turn, parent }: { readonly turn: Turn; readonly parent: Turn }) {
  const t = words.value.chat;
  observe(revision);
  const [at, of] = [parent.children.indexOf(turn), parent.children.length];
  if (of < 2) return null;
  return (
    <span class="row versions">
      <Button
        small
        kind="plain"
        icon="left"
        name={t.previous}
        disabled={at === 0}
        onClick={() => show(parent, at - 1)}
      />
      <span class="tiny number muted">{t.version(at + 1, of)}</span>
      <Button
        small
        kind="plain"
        icon="right"
        name={t.next}
        disabled={at === of - 1}
        onClick={() => show(parent, at + 1)}
      />
    </span>
  );
}
