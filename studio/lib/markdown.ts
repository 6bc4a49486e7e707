import DOMPurify from 'dompurify';
import { marked } from 'marked';

/**
 * Markdown that is still being written. Blocks that are complete are rendered once and never again; only the last one,
 * which may still change, is read anew with each piece of text.
 */
export class GrowingMarkdown {
  #text = '';
  /** Characters that belong to complete blocks. */
  #settled = 0;
  readonly #blocks: string[] = [];
  #rendered: readonly string[] = [];

  /** HTML of every block, from the text so far. A text that does not go on from the earlier one begins anew. */
  render(text: string): readonly string[] {
    if (text === this.#text) return this.#rendered;
    if (!text.startsWith(this.#text.slice(0, this.#settled))) {
      this.#settled = 0;
      this.#blocks.length = 0;
    }
    this.#text = text;
    const tokens = marked.lexer(text.slice(this.#settled));
    for (const token of tokens.slice(0, -1)) {
      this.#settled += token.raw.length;
      if (token.type !== 'space') this.#blocks.push(htmlOf(token.raw));
    }
    const last = tokens.at(-1);
    const open = last === undefined || last.type === 'space' ? [] : [htmlOf(last.raw)];
    this.#rendered = [...this.#blocks, ...open];
    return this.#rendered;
  }
}

// A link leads away from the page, and tells nobody from where.
DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A') return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer');
});

function htmlOf(text: string): string {
  const html = marked.parse(text, { async: false, gfm: true, breaks: true });
  // No images: each would be a request to another host. Nothing that asks for anything, either.
  return DOMPurify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ['img', 'picture', 'video', 'audio', 'style', 'form', 'input', 'button', 'textarea', 'select'],
    FORBID_ATTR: ['style', 'class', 'id', 'name'],
  });
}
