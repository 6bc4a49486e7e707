import { memo } from 'preact/compat';
import { useRef } from 'preact/hooks';
import { GrowingMarkdown } from '../lib/markdown.js';

/** Text in Markdown, which may grow. */
export function Markdown({ text }: { readonly text: string }) {
  const growing = useRef(new GrowingMarkdown());
  return (
    <div class="markdown">
      {growing.current.render(text).map((html, index) => (
        <Block key={index} html={html} />
      ))}
    </div>
  );
}

const Block = memo(({ html }: { readonly html: string }) => <div dangerouslySetInnerHTML={{ __html: html }} />);
