import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** Built beside the server's own build, from where it is served and where the package carries it. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [preact()],
  build: {
    outDir: '../dist/studio',
    emptyOutDir: true,
    // Nothing inside a script: the page's security policy allows its own files alone.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    target: 'es2022',
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/v1': 'http://127.0.0.1:8080' } },
});
