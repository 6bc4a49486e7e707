import { useEffect, useRef, useState } from 'preact/hooks';
import type { DrawnPictures } from '../../../src/serving/studio/pictures.js';
import { Button, Empty, LinkButton, PageHead, Tabs } from '../../components/basics.js';
import { ServerImage } from '../../components/server-image.js';
import { words } from '../../i18n/index.js';
import { download, send } from '../../lib/api.js';
import { type ModelView, imageModels, models } from '../../lib/models.js';
import { attempt, report } from '../../lib/notices.js';
import { link, place } from '../../lib/router.js';
import { watch } from '../../lib/runs.js';
import { Scrubber } from './scrubber.js';
import { type ToolName, type Wish, canUse, firstWish, requestFor, toolNames } from './tools.js';
import { WishForm } from './wish-form.js';

/** What a model drew, or is drawing. */
interface Result {
  readonly model: string;
  readonly drawn?: DrawnPictures;
  readonly problem?: string;
}

export function ImagesPage() {
  const t = words.value.images;
  const all = imageModels.value;
  const wanted = place.value.query.get('model');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [tool, setTool] = useState<ToolName>('sample');
  const [wish, setWish] = useState<Wish>(firstWish);
  const [results, setResults] = useState<readonly Result[]>([]);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => watch([]), []);
  useEffect(() => {
    const found = all.find(({ id }) => id === wanted) ?? all[0];
    if (found && (chosen.length === 0 || wanted !== null)) setChosen([found.id]);
  }, [wanted, all.length > 0]);

  if (models.value === undefined) return <p class="muted">{words.value.app.loading}</p>;
  if (all.length === 0) {
    return (
      <div class="page">
        <PageHead title={t.title} lead={t.lead} />
        <Empty icon="images" title={t.empty} text={t.emptyText}>
          <LinkButton kind="primary" href={link(['runs', 'new'])}>
            {t.train}
          </LinkButton>
        </Empty>
      </div>
    );
  }
  const selected = all.filter(({ id }) => chosen.includes(id));
  const tools = toolNames.filter((name) => selected.some(({ image }) => canUse[name](image!)));
  const shownTool = tools.includes(tool) ? tool : (tools[0] ?? 'sample');
  const able = selected.filter(({ image }) => canUse[shownTool](image!));

  const draw = async (): Promise<void> => {
    const controller = new AbortController();
    running.current = controller;
    setResults(able.map(({ id }) => ({ model: id })));
    for (const { id, image } of able) {
      if (controller.signal.aborted) break;
      const put = (result: Result): void =>
        setResults((earlier) => earlier.map((each) => (each.model === id ? result : each)));
      try {
        const request = requestFor(shownTool, wish, id, image!);
        put({ model: id, drawn: await send('/api/pictures', request, { signal: controller.signal }) });
      } catch (error) {
        put({ model: id, problem: error instanceof Error ? error.message : String(error) });
        report(error);
      }
    }
    running.current = undefined;
    setResults((earlier) => [...earlier]);
  };
  const stop = (): void => running.current?.abort();
  const isDrawing = running.current !== undefined;

  return (
    <div class="page">
      <PageHead title={t.title} lead={t.lead} />
      <ModelChips all={all} chosen={chosen} onChange={setChosen} />
      {selected.length === 0 ? (
        <Empty icon="images" title={t.choose} />
      ) : (
        <>
          <Tabs label={t.tools} tabs={tools.map((name) => [name, t[name]])} selected={shownTool} onSelect={setTool} />
          <div class="images-desk">
            <form
              class="card stack"
              onSubmit={(event) => {
                event.preventDefault();
                void draw();
              }}
            >
              <WishForm
                tool={shownTool}
                models={able}
                wish={wish}
                onChange={(change) => setWish({ ...wish, ...change })}
              />
              {isDrawing ? (
                <Button icon="stop" onClick={stop}>
                  {words.value.chat.stop}
                </Button>
              ) : (
                <button class="button primary" type="submit" disabled={able.length === 0}>
                  {t.draw}
                </button>
              )}
            </form>
            <div class="results">
              {results.length === 0 && <Empty icon="images" title={t.ready} />}
              {results.map((result) => (
                <ResultCard key={result.model} result={result} />
              ))}
            </div>
          </div>
        </>
      )}
    </div>
  );
}

const MOST = 4;

function ModelChips({
  all,
  chosen,
  onChange,
}: {
  readonly all: readonly ModelView[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  return (
    <div class="chips" role="group" aria-label={words.value.images.models}>
      {all.map(({ id, image }) => (
        <Button
          key={id}
          small
          aria-pressed={chosen.includes(id)}
          title={image?.title}
          onClick={() =>
            onChange(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(-MOST))
          }
        >
          {id}
          <span class="muted tiny">{image && (words.value.images.families[image.family] ?? image.family)}</span>
        </Button>
      ))}
    </div>
  );
}

function ResultCard({ result: { model, drawn, problem } }: { readonly result: Result }) {
  const t = words.value.images;
  const path = (name: string): string => `/api/pictures/${drawn!.id}/${name}`;
  const moments = Number(drawn?.details['moments'] ?? 10);
  return (
    <figure class="card stack">
      <figcaption class="row between">
        <h3 class="breakable">{model}</h3>
        {drawn && (
          <Button
            small
            kind="plain"
            icon="download"
            name={t.save}
            onClick={() => void attempt(() => download(path(drawn.picture), {}, `${model.replaceAll('/', '-')}.png`))}
          />
        )}
      </figcaption>
      {drawn === undefined && problem === undefined && <div class="image-waiting">{t.drawing}</div>}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {drawn?.strip ? <Scrubber path={path(drawn.strip)} moments={moments} /> : null}
      {drawn && !drawn.strip && <ServerImage path={path(drawn.picture)} alt={model} />}
      {drawn?.animation && <ServerImage path={path(drawn.animation)} alt={model} />}
    </figure>
  );
}
