/** A program that uses an engine and neither disposes it nor exits. */
import { add } from '../tensor/elementwise.js';
import { Engine } from './engine.js';

const engine = await Engine.create({ threads: 1 });
const program = await engine.compile(({ x }) => ({ y: add(x, 1) }), { x: { shape: [], dtype: 'float32' as const } });
const { y } = (await program.run({ x: Float32Array.of(1) })) as { y: Float32Array };
console.log(y[0]);
