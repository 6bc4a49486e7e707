import type { TaskSettings } from '../task.js';

const languages = {
  en: ['English', 'eng_Latn'],
  fr: ['French', 'fra_Latn'],
  de: ['German', 'deu_Latn'],
  zh: ['Chinese', 'zho_Hans'],
} as const;
type Language = keyof typeof languages;

/** FLORES-200, in the form of GPT-2 (section 3.7): "English sentence = French sentence". */
function translation(from: Language, to: Language): TaskSettings {
  const files = (split: 'dev' | 'devtest') => ({
    source: `eval-flores-en-fr-zh-de/${languages[from][1]}.${split}.gz`,
    translation: `eval-flores-en-fr-zh-de/${languages[to][1]}.${split}.gz`,
  });
  return {
    name: `flores-${from}-${to}`,
    about: `${languages[from][0]} to ${languages[to][0]} (FLORES-200, Costa-jussà et al. 2022)`,
    source: { kind: 'lines', train: files('dev'), test: files('devtest') },
    prompt: `${languages[from][0]}: {{source}}\n${languages[to][0]}:`,
    target: ' {{translation}}',
    answer: { by: 'generating', maxTokens: 96, stop: ['\n'] },
    metrics: ['chrf', 'bleu'],
  };
}

const others = (['fr', 'de', 'zh'] as const).flatMap((language) => [
  translation('en', language),
  translation(language, 'en'),
]);

const reading = (
  language: 'en' | 'zh',
  [passage, question, answer]: readonly [string, string, string],
): TaskSettings => ({
  name: `xquad-${language}`,
  about: 'questions about a passage, answered in its words (XQuAD, Artetxe et al. 2020)',
  source: { kind: 'squad', test: `eval-xquad-en-zh/xquad.${language}.json.gz` },
  prompt: `${passage} {{context}}\n${question} {{question}}\n${answer}`,
  target: ' {{answer}}',
  references: 'answers',
  answer: { by: 'generating', maxTokens: 32, stop: ['\n'] },
  metrics: ['token f1', 'exact match'],
  // There is no other split; what is shown is about another passage.
  shots: { from: 'test', apart: 'context' },
  tooLong: 'cut',
});

export const textTasks: readonly TaskSettings[] = [
  ...others,
  reading('en', ['Passage:', 'Question:', 'Answer:']),
  reading('zh', ['文章：', '问题：', '答案：']),
  {
    name: 'tldr',
    about: 'a headline for a news item behind "TL;DR:" (GPT-2, section 3.6), on the titles of AG News',
    source: {
      kind: 'rows',
      test: 'cls-agnews/ag_news_test.csv.gz',
      header: ['class', 'title', 'text'],
      columns: { title: {}, text: {} },
    },
    prompt: '{{text}}\nTL;DR:',
    target: ' {{title}}',
    shots: { from: 'test' },
    answer: { by: 'generating', maxTokens: 32, stop: ['\n'] },
    metrics: ['rouge-l', 'rouge-1', 'rouge-2'],
  },
  {
    name: 'gsm8k',
    about: 'word problems, worked in steps (Cobbe et al. 2021; Wei et al. 2022)',
    source: {
      kind: 'rows',
      train: 'eval-gsm8k/train.jsonl.gz',
      test: 'eval-gsm8k/test.jsonl.gz',
      columns: { number: { from: 'answer', match: '####\\s*(.*)$' }, numbers: { from: 'number', split: '\\|' } },
    },
    prompt: 'Question: {{question}}\nAnswer:',
    target: ' {{answer}}',
    references: 'numbers',
    answer: { by: 'generating', maxTokens: 200, stop: ['\n\n', 'Question:'], extract: '#### ?(-?[\\d,.]+)' },
    metrics: ['exact match'],
  },
];
