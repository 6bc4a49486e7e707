/** A drawing as PNG, twice as fine; undefined where the optional package that does it is not installed. */
export async function rasterise(svg: string): Promise<Uint8Array | undefined> {
  try {
    const { default: sharp } = await import('sharp');
    return await sharp(Buffer.from(plainColours(svg)), { density: 144 })
      .png()
      .toBuffer();
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Colours by their defaults: what turns SVG into pixels outside of a browser knows no variables. */
const plainColours = (svg: string): string => svg.replaceAll(/var\(--[a-z]+, ([^)]+)\)/g, '$1');
