import { type Canvas, encodePng } from '../formats/pictures.js';

/** A picture in the terminal: itself where the terminal shows pictures, else two pixels a character in colour. */

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Terminals that know iTerm's inline images. */
const inlineImages = ['iTerm.app', 'WezTerm'];

/** What to print; nothing where nobody would see it. */
export function preview(canvas: Canvas, { isTTY, columns = 80, environment }: Terminal): string | undefined {
  if (isTTY !== true || environment['NO_COLOR'] !== undefined) return undefined;
  if (inlineImages.includes(environment['TERM_PROGRAM'] ?? '')) {
    const png = Buffer.from(encodePng(canvas)).toString('base64');
    return `\u001B]1337;File=inline=1;width=${Math.min(canvas.width, 640)}px:${png}\u0007`;
  }
  return halfBlocks(shrink(canvas, columns));
}

/** Averages pixels until the picture is no wider than this. */
export function shrink(canvas: Canvas, columns: number): Canvas {
  const factor = Math.ceil(canvas.width / columns);
  if (factor <= 1) return canvas;
  const { channels } = canvas;
  const [width, height] = [Math.floor(canvas.width / factor), Math.floor(canvas.height / factor)];
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        let total = 0;
        for (let i = 0; i < factor * factor; i++) {
          const [row, column] = [y * factor + Math.floor(i / factor), x * factor + (i % factor)];
          total += canvas.data[(row * canvas.width + column) * channels + channel]!;
        }
        data[(y * width + x) * channels + channel] = Math.round(total / factor ** 2);
      }
    }
  }
  return { width, height, channels, data };
}

/** Each character is the upper half block: its own colour above, the background below. */
export function halfBlocks({ width, height, channels, data }: Canvas): string {
  const colour = (x: number, y: number): string => {
    const at = (y * width + x) * channels;
    return channels === 1 ? `${data[at]};${data[at]};${data[at]}` : `${data[at]};${data[at + 1]};${data[at + 2]}`;
  };
  const rows: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let row = '';
    for (let x = 0; x < width; x++) {
      row += `\u001B[38;2;${colour(x, y)}m`;
      row += y + 1 < height ? `\u001B[48;2;${colour(x, y + 1)}m▀` : '\u001B[49m▀';
    }
    rows.push(`${row}\u001B[0m`);
  }
  return rows.join('\n');
}
