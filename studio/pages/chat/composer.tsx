import { useRef, useState } from 'preact/hooks';
import { Button } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { ask, columns, isWriting, stop } from './state.js';

/** Where one writes. */
export function Composer({ disabled }: { readonly disabled: boolean }) {
  const t = words.value.chat;
  const [text, setText] = useState('');
  const [images, setImages] = useState<readonly string[]>([]);
  const file = useRef<HTMLInputElement>(null);
  const canSend =
    !disabled && !isWriting.value && columns.value.length > 0 && (text.trim() !== '' || images.length > 0);
  const submit = (event?: Event): void => {
    event?.preventDefault();
    if (!canSend) return;
    ask(text.trim(), images);
    setText('');
    setImages([]);
  };
  const attach = async (files: FileList | null): Promise<void> => {
    const read = await Promise.all([...(files ?? [])].map(dataUrl));
    setImages([...images, ...read]);
  };
  return (
    <form class="composer card" onSubmit={submit}>
      {images.length > 0 && (
        <div class="row wrap">
          {images.map((image, index) => (
            <span key={index} class="attached">
              <img src={image} alt="" />
              <Button
                small
                icon="close"
                name={t.detach}
                onClick={() => setImages(images.filter((_, other) => other !== index))}
              />
            </span>
          ))}
        </div>
      )}
      <textarea
        class="area"
        rows={Math.min(8, Math.max(1, text.split('\n').length))}
        placeholder={t.placeholder}
        aria-label={t.placeholder}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          // While a method of input is choosing a character, Enter takes it.
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
          if (event.key === 'Escape') stop();
        }}
      />
      <div class="row between">
        <Button small kind="plain" icon="image" name={t.attach} onClick={() => file.current?.click()} />
        <input
          ref={file}
          type="file"
          accept="image/png,image/jpeg"
          multiple
          hidden
          onChange={(event) => {
            void attach(event.currentTarget.files);
            event.currentTarget.value = '';
          }}
        />
        {isWriting.value ? (
          <Button small icon="stop" onClick={stop}>
            {t.stop}
          </Button>
        ) : (
          <button class="button small primary" type="submit" disabled={!canSend}>
            {t.send}
          </button>
        )}
      </div>
    </form>
  );
}

const dataUrl = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error(file.name));
    reader.readAsDataURL(file);
  });
