import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../components/basics.js';
import { words } from '../../i18n/index.js';

interface PadProps {
  /** Of the model's images. */
  readonly width: number;
  readonly height: number;
  readonly label: string;
  readonly hint: string;
  /** Share of the rows above a line, where there is one. */
  readonly line?: number;
  /** A picture to draw on; under a mask it is only looked at. */
  readonly picture?: string;
  readonly isMask?: boolean;
  /** Told what was drawn, as a PNG; undefined once it is empty. */
  readonly onDraw: (url: string | undefined) => void;
}

const SIDE = 224;

/** A small canvas to draw on, in the pixels of a model: white on black, as its images are. */
export function Pad({ width, height, label, hint, line, picture, isMask = false, onDraw }: PadProps) {
  const t = words.value.images;
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly [number, number] | undefined>(undefined);
  const [brush, setBrush] = useState(Math.max(1, Math.round(width / 12)));
  const [ink, setInk] = useState('#fff');
  const size = `${width} x ${height}`;
  const drawnIn = useRef(size);
  const wipe = (): void => {
    const drawing = canvas.current!.getContext('2d')!;
    drawing.fillStyle = '#000';
    drawing.fillRect(0, 0, width, height);
  };
  const clear = (): void => {
    wipe();
    onDraw(undefined);
  };
  // A picture is still there after another tool; a mask is not, nor a picture for a model of another size.
  useEffect(() => {
    if (isMask || drawnIn.current !== size) clear();
    else wipe();
    drawnIn.current = size;
  }, [size]);
  useEffect(() => {
    if (picture === undefined || isMask) return;
    const image = new Image();
    image.onload = () => canvas.current?.getContext('2d')!.drawImage(image, 0, 0, width, height);
    image.src = picture;
  }, [picture]);
  const draw = (event: PointerEvent): void => {
    if (event.buttons === 0) return;
    const shown = canvas.current!;
    const box = shown.getBoundingClientRect();
    const at = [
      ((event.clientX - box.left) / box.width) * width,
      ((event.clientY - box.top) / box.height) * height,
    ] as const;
    const drawing = shown.getContext('2d')!;
    const [x, y] = last.current ?? at;
    Object.assign(drawing, { strokeStyle: ink, lineWidth: brush, lineCap: 'round', lineJoin: 'round' });
    drawing.beginPath();
    drawing.moveTo(x, y);
    drawing.lineTo(at[0], at[1] + 0.01);
    drawing.stroke();
    last.current = at;
  };
  return (
    <div class="pad stack">
      <h3>{label}</h3>
      <div
        class={`pad-canvas ${isMask ? 'mask' : ''}`}
        style={{
          width: `${SIDE}px`,
          height: `${(SIDE * height) / width}px`,
          ...(isMask && picture !== undefined && { backgroundImage: `url(${picture})` }),
        }}
      >
        <canvas
          ref={canvas}
          class="pixels"
          width={width}
          height={height}
          role="img"
          aria-label={label}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            last.current = undefined;
            draw(event);
          }}
          onPointerMove={draw}
          onPointerUp={() => {
            last.current = undefined;
            onDraw(canvas.current!.toDataURL('image/png'));
          }}
        />
        {line !== undefined && <div class="pad-line" style={{ top: `${100 * line}%` }} />}
      </div>
      <p class="muted tiny">{hint}</p>
      <div class="row wrap">
        <label class="check">
          {t.width}
          <input
            type="range"
            min={1}
            max={Math.max(2, Math.round(width / 3))}
            value={brush}
            onInput={(event) => setBrush(event.currentTarget.valueAsNumber)}
          />
        </label>
        <Button small aria-pressed={ink === '#fff'} onClick={() => setInk('#fff')}>
          {t.white}
        </Button>
        <Button small aria-pressed={ink === '#000'} onClick={() => setInk('#000')}>
          {t.black}
        </Button>
        <Button small kind="plain" onClick={clear}>
          {t.clear}
        </Button>
      </div>
    </div>
  );
}
