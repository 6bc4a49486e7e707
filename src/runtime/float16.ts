/** IEEE half-precision numbers, which JavaScript has no type for: held as their bits. */

/** Half-precision bits as numbers. */
export function widenFloat16(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] as number;
    const sign = word >> 15 === 0 ? 1 : -1;
    const exponent = (word >> 10) & 31;
    const fraction = word & 1023;
    if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
    else if (exponent === 31) values[i] = fraction === 0 ? sign * Infinity : NaN;
    else values[i] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return values;
}

/** Numbers as half-precision bits: the nearest, of two the even one; from 65520 on infinity. */
export function narrowFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = words[i] as number;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) bits[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) bits[i] = sign | 0x7c00;
    // Below 2^-14 they are multiples of 2^-24; a double of 2^52 has no place for a fraction.
    else if (magnitude < 0x38800000) bits[i] = sign | (Math.abs(values[i] as number) * 2 ** 24 + 2 ** 52 - 2 ** 52);
    else {
      // The exponent counts from 15 in place of 127, and 13 bits of the fraction go.
      const rebased = magnitude - 0x38000000;
      bits[i] = sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
    }
  }
  return bits;
}
