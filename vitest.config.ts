import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,recipes,studio,bench}/**/*.test.ts', '{eslint,docs}/**/*.test.js'],
    environment: 'node',
    // Processes, not threads: a native addon such as ONNX Runtime does not survive every worker thread's end.
    pool: 'forks',
    // Each test process computes on all cores already; more of them side by side only wait for each other.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 20_000,
  },
});
