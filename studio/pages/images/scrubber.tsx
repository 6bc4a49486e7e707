import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useObjectUrl } from '../../components/server-image.js';
import { words } from '../../i18n/index.js';

/** Pixels between the images of a strip, and how much a small image is enlarged in it: as the commands draw. */
const GAP = 2;

interface ScrubberProps {
  readonly path: string;
  /** Columns of the strip. */
  readonly moments: number;
}

/** A strip of images on their way from noise, a column for each moment: one moment at a time, moved by hand. */
export function Scrubber({ path, moments }: ScrubberProps) {
  const t = words.value.images;
  const url = useObjectUrl(path);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [moment, setMoment] = useState(moments - 1);
  const [strip, setStrip] = useState<HTMLImageElement>();
  useEffect(() => {
    if (url === undefined) return;
    const image = new Image();
    image.onload = () => setStrip(image);
    image.src = url;
  }, [url]);
  // Before the page is painted, so that the image and what it is called change together.
  useLayoutEffect(() => {
    if (!strip || !canvas.current) return;
    const cell = (strip.naturalWidth + GAP) / moments;
    const side = cell - GAP;
    const rows = Math.max(1, Math.round((strip.naturalHeight + GAP) / cell));
    const columns = Math.ceil(Math.sqrt(rows));
    const shown = canvas.current;
    shown.width = columns * cell - GAP;
    shown.height = Math.ceil(rows / columns) * cell - GAP;
    const drawing = shown.getContext('2d')!;
    for (let row = 0; row < rows; row++) {
      const to = [(row % columns) * cell, Math.floor(row / columns) * cell] as const;
      drawing.drawImage(strip, moment * cell, row * cell, side, side, to[0], to[1], side, side);
    }
  }, [strip, moment, moments]);
  return (
    <div class="stack">
      <canvas ref={canvas} class="pixels" role="img" aria-label={t.moment(moment + 1, moments)} />
      <label class="field">
        <span>
          {t.scrub} <span class="muted number">{t.moment(moment + 1, moments)}</span>
        </span>
        <input
          type="range"
          min={0}
          max={moments - 1}
          value={moment}
          onInput={(event) => setMoment(event.currentTarget.valueAsNumber)}
        />
      </label>
    </div>
  );
}
