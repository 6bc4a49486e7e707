import {
  type Draws,
  type Tensor,
  add,
  and,
  cast,
  equal,
  floor,
  iota,
  less,
  lessEqual,
  matmul,
  mul,
  reshape,
  reverse,
  sub,
  where,
} from '../../tensor/index.js';

/**
 * Augmentations that a discriminator sees everything through, real and made, with gradients (Karras et al. 2020, ADA,
 * section 2.2): each of them with a probability, small enough that the generator does not take them for the images' own.
 */

/** Largest shift as a share of the side; side of what is cut out; deviation of the brightness. */
const strength = { shift: 1 / 8, cutout: 1 / 2, brightness: 0.2 };

/**
 * @param images in [−1, 1], [B, C, H, W]
 * @param probability of each augmentation, [1]
 */
export function augment(images: Tensor, probability: Tensor, draws: Draws): Tensor {
  const [count, , height, width] = images.shape as [number, number, number, number];
  const perImage = [count, 1, 1, 1] as const;
  /** Numbers of one image each; `kind` of 0 where its augmentation is not applied. */
  const happens = (): Tensor => less(draws.uniform(perImage), reshape(probability, [1, 1, 1, 1]));
  const whole = (choices: number): Tensor => floor(mul(draws.uniform(perImage), choices));

  const mirrored = and(happens(), less(draws.uniform(perImage), 0.5));
  let x = where(mirrored, reverse(images, 3), images);

  const isShifted = happens();
  const shift = (length: number): Tensor => {
    const most = Math.floor(length * strength.shift);
    return where(isShifted, sub(whole(2 * most + 1), most), 0);
  };
  x = shifted(x, shift(height), shift(width));

  const brightness = mul(draws.normal(perImage), strength.brightness);
  x = add(x, where(happens(), brightness, 0));

  const isCut = happens();
  const within = (length: number, axis: number): Tensor => {
    const size = Math.ceil(length * strength.cutout);
    // Its middle lies anywhere, so parts of it may lie outside.
    const start = sub(whole(length), Math.floor(size / 2));
    const at = places(length, axis);
    return and(lessEqual(start, at), less(at, add(start, size)));
  };
  const cut = and(isCut, and(within(height, 2), within(width, 3)));
  return where(cut, 0, x);
}

/** 0, 1, 2, … along one of four axes. */
const places = (length: number, axis: number): Tensor =>
  cast(
    iota(
      [0, 1, 2, 3].map((each) => (each === axis ? length : 1)),
      axis,
    ),
    'float32',
  );

/** Images moved by whole pixels, black (−1) coming in: [B, 1, 1, 1] each, down and to the right. */
function shifted(images: Tensor, down: Tensor, right: Tensor): Tensor {
  const [height, width] = images.shape.slice(2) as [number, number];
  // A product with a matrix that has one 1 in each row: it has gradients of every order.
  const rows = cast(equal(sub(places(height, 2), down), places(height, 3)), 'float32');
  const columns = cast(equal(places(width, 2), sub(places(width, 3), right)), 'float32');
  return sub(matmul(matmul(rows, add(images, 1)), columns), 1);
}
