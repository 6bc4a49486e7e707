/** A picture cut to the middle and brought to so many pixels, as a PNG data URL. */
export async function fitted(picture: Blob, width: number, height: number): Promise<string> {
  const bitmap = await createImageBitmap(picture);
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const scale = Math.min(bitmap.width / width, bitmap.height / height);
  const [w, h] = [width * scale, height * scale];
  const drawing = canvas.getContext('2d')!;
  drawing.drawImage(bitmap, (bitmap.width - w) / 2, (bitmap.height - h) / 2, w, h, 0, 0, width, height);
  bitmap.close();
  return canvas.toDataURL('image/png');
}
