import { useRef, useState } from 'preact/hooks';
import type { DrawnPictures } from '../../../src/serving/studio/pictures.js';
import { Button, Field, Select } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { request, send } from '../../lib/api.js';
import type { ModelView } from '../../lib/models.js';
import { attempt } from '../../lib/notices.js';
import { fitted } from '../../lib/pixels.js';
import { Pad } from './pad.js';
import type { ToolName, Wish } from './tools.js';

interface WishFormProps {
  readonly tool: ToolName;
  /** Those that can do it. */
  readonly models: readonly ModelView[];
  readonly wish: Wish;
  readonly onChange: (change: Partial<Wish>) => void;
}

/** What one draws for a tool. */
const ownOf: Readonly<Partial<Record<ToolName, 'picture' | 'mask'>>> = {
  complete: 'picture',
  restore: 'picture',
  reconstruct: 'picture',
  inpaint: 'mask',
};

/** The fields that make a difference to this tool and these models. */
export function WishForm({ tool, models, wish, onChange }: WishFormProps) {
  const t = words.value.images;
  const abilities = models.map(({ image }) => image!);
  const [first] = abilities;
  const draws = tool === 'sample' || tool === 'denoise';
  const own = ownOf[tool];
  const labels = [
    ...new Set(abilities.filter(({ conditional }) => conditional).flatMap(({ labelNames }) => labelNames)),
  ];
  const number = (label: string, key: 'count' | 'seed' | 'steps' | 'versions', least: number, hint?: string) => (
    <Field label={label} hint={hint}>
      <input
        class="input number"
        type="number"
        min={least}
        max={1_000_000}
        value={wish[key]}
        onChange={(event) =>
          onChange({ [key]: Math.max(least, Math.round(event.currentTarget.valueAsNumber) || least) })
        }
      />
    </Field>
  );
  const slider = (label: string, key: 'temperature' | 'truncation' | 'guidance' | 'keep', max: number, step = 0.05) => (
    <Field label={`${label}: ${wish[key]}`}>
      <input
        type="range"
        min={0}
        max={max}
        step={step}
        value={wish[key]}
        onInput={(event) => onChange({ [key]: event.currentTarget.valueAsNumber })}
      />
    </Field>
  );
  return (
    <>
      {own && first && (
        <Pad
          key={own}
          width={first.width}
          height={first.height}
          label={own === 'mask' ? t.brush : t.pencil}
          hint={own === 'mask' ? t.brushHint : tool === 'complete' ? t.pencilHint : t.ownHint}
          line={tool === 'complete' ? wish.keep : undefined}
          picture={wish.drawing}
          isMask={own === 'mask'}
          onDraw={(url) => onChange(own === 'mask' ? { mask: url } : { drawing: url })}
        />
      )}
      {own && models[0] && (
        <TakePicture model={models[0]} seed={wish.seed} onTake={(drawing) => onChange({ drawing })} />
      )}
      {tool === 'complete' && slider(t.keep, 'keep', 1)}
      <div class="fields two">
        {tool === 'interpolate' ? number(t.count, 'count', 4) : tool !== 'inpaint' && number(t.count, 'count', 1)}
        {tool !== 'reconstruct' && tool !== 'restore' && number(t.seed, 'seed', 0)}
        {(tool === 'complete' || tool === 'inpaint' || tool === 'upscale') && number(t.versions, 'versions', 1)}
        {abilities.some(({ denoises }) => denoises) &&
          tool !== 'reconstruct' &&
          number(t.steps, 'steps', 0, t.stepsHint)}
      </div>
      {labels.length > 0 && (draws || wish.drawing !== undefined) && (
        <Field label={t.class}>
          <Select
            value={!draws && wish.label === '' ? labels[0]! : wish.label}
            options={[...(draws ? [['', t.everyClass] as const] : []), ...labels]}
            onChange={(label) => onChange({ label })}
          />
        </Field>
      )}
      {draws && abilities.some(({ text }) => text) && (
        <Field label={t.caption}>
          <input
            class="input"
            value={wish.caption}
            onInput={(event) => onChange({ caption: event.currentTarget.value })}
          />
        </Field>
      )}
      {(draws || tool === 'complete' || tool === 'upscale') && slider(t.temperature, 'temperature', 1.5)}
      {draws &&
        abilities.some(({ controls }) => controls.includes('truncation')) &&
        slider(t.truncation, 'truncation', 1)}
      {draws &&
        abilities.some(({ denoises, conditional, text }) => denoises && (conditional || text)) &&
        slider(t.guidance, 'guidance', 8, 0.5)}
      {!draws && (
        <Field label={t.source} hint={tool === 'upscale' ? undefined : t.fromTraining}>
          <input
            class="input"
            value={wish.source}
            onInput={(event) => onChange({ source: event.currentTarget.value })}
          />
        </Field>
      )}
    </>
  );
}

/** A picture to begin from: one that the model draws, or a file. */
function TakePicture({
  model: { id, image },
  seed,
  onTake,
}: {
  readonly model: ModelView;
  readonly seed: number;
  readonly onTake: (url: string) => void;
}) {
  const t = words.value.images;
  const file = useRef<HTMLInputElement>(null);
  const [isDrawing, setDrawing] = useState(false);
  const { width, height, draws } = image!;
  const take = async (picture: Blob): Promise<void> => onTake(await fitted(picture, width, height));
  const draw = async (): Promise<void> => {
    setDrawing(true);
    await attempt(async () => {
      const flags = { n: '1', seed: String(seed) };
      const drawn = await send<DrawnPictures>('/api/pictures', { command: 'sample', model: id, flags });
      await take(await (await request(`/api/pictures/${drawn.id}/${drawn.picture}`)).blob());
    });
    setDrawing(false);
  };
  return (
    <div class="row wrap">
      {draws && (
        <Button small icon="images" disabled={isDrawing} onClick={() => void draw()}>
          {isDrawing ? t.drawing : t.takeOwn}
        </Button>
      )}
      <Button small icon="image" onClick={() => file.current?.click()}>
        {t.takeFile}
      </Button>
      <input
        ref={file}
        type="file"
        accept="image/png,image/jpeg"
        hidden
        onChange={(event) => {
          const [picked] = event.currentTarget.files ?? [];
          if (picked) void attempt(() => take(picked));
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}
