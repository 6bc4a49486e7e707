/**
 * What docs/LINEAGE.md says in words, and what was published. The first of a system's recipes that is measured gives its
 * figure; those under `also` are of the same network and show something else. `parameters`, `tokens` and `compute` (floating-point
 * operations) are of the largest model of the paper where several were trained; what a paper does not say is left out.
 */
export const systems = [
  {
    name: 'GPT-1',
    source: 'Radford et al. 2018, Improving Language Understanding by Generative Pre-Training',
    introduced: 'pretrain on text, then fine-tune everything with one linear layer on the last token',
    about: `A transformer that has only learnt to continue books is turned to a task by writing the task as a sequence (start,
delimiter and extract tokens) and adding one linear layer. The language model's loss stays on as an auxiliary. Nothing of the
network is particular to a task, and it beat networks that were built for theirs.`,
    recipes: ['gpt-1'],
    published:
      'GLUE 72.8; 8.9 points more than before on Story Cloze, 5.7 on RACE, 1.5 on MNLI; 14.8 less without pretraining',
    scale: { parameters: 117e6, compute: 0.96 * 8.64e19 },
  },
  {
    name: 'GPT-2',
    source: 'Radford et al. 2019, Language Models are Unsupervised Multitask Learners',
    introduced: 'the task is in the prompt: zero-shot',
    about: `The same model, larger, on text of all kinds, is fine-tuned on nothing. A task is a text to be continued: a summary
follows "TL;DR:", an answer follows its question. What is measured has traps: perplexity depends on the tokenizer, on how a
window slides, and on what the text was made from.`,
    recipes: ['gpt-2-zero-shot'],
    also: ['nanogpt-shakespeare-cpu', 'nanogpt-shakespeare-gpu'],
    published: 'LAMBADA, perplexity 8.63 and accuracy 63.24% (the smallest model: 35.13 and 45.99%)',
    scale: { parameters: 1.542e9 },
  },
  {
    name: 'GPT-3',
    source: 'Brown et al. 2020, arXiv:2005.14165',
    introduced: 'the examples are in the prompt: few-shot',
    about: `A hundred times larger again, and a new ability: shown a few examples in its prompt, the model does the task better,
without a step of training. How much better grows with the number of examples and with the size of the model.`,
    recipes: ['gpt-3-few-shot'],
    published: 'LAMBADA, accuracy 76.2% zero-shot and 86.4% few-shot',
    scale: { parameters: 175e9, tokens: 300e9, compute: 3.14e23 },
  },
  {
    name: 'InstructGPT',
    source: 'Ouyang et al. 2022, arXiv:2203.02155',
    introduced: 'supervised fine-tuning, a reward model from rankings, and PPO with a pretraining mix',
    about: `A model that continues text does not do what it is asked. Three stages teach it: demonstrations; a reward model that
learns from people's rankings of answers; and reinforcement learning against that model, held near to where it started. Some of
what was known before gets lost on the way (the alignment tax), and mixing pretraining text in gives most of it back. The last
stage of the largest model took 60 petaflop/s-days (the operations in the table), where GPT-3 had taken 3,640.`,
    recipes: ['instruct-gpt', 'almanac'],
    published: "preferred to GPT-3's answers 85 ± 3% of the time; 1.3 billion parameters were preferred to 175 billion",
    scale: { parameters: 175e9, compute: 60 * 8.64e19 },
  },
  {
    name: 'ChatGPT',
    source: 'OpenAI 2022, Introducing ChatGPT',
    introduced: 'the same over dialogue',
    about: `InstructGPT's three stages, where a demonstration is a conversation: questions refer to what was said before, and
what cannot be answered is declined.`,
    recipes: ['chat-gpt'],
  },
  {
    name: 'GPT-4',
    source:
      'OpenAI 2023, arXiv:2303.08774; how it sees is not published: after LLaVA, Liu et al. 2023, arXiv:2304.08485',
    introduced: 'images in the prompt',
    about: `An image encoder's features of each part of an image are projected to the width of the language model and stand
in the prompt as if they were embeddings of words. First the projector alone learns, then everything. A question about an image
is then a question like any other.`,
    recipes: ['gpt-4-vision'],
    published: 'VQAv2, zero-shot: 77.2% (GPT-4)',
  },
  {
    name: 'iGPT',
    source: 'Chen et al. 2020, Generative Pretraining from Pixels',
    introduced: 'pixels are tokens',
    about: `GPT-2's network reads the pixels of an image one after the other, as colours of a small palette. It completes halves
of images, and what its middle layers know of an image is enough for a linear classifier.`,
    recipes: ['image-gpt'],
    published: 'CIFAR-10: a linear probe 96.3%, fine-tuned 99.0% (iGPT-L)',
    scale: { parameters: 1.362e9 },
  },
];

/** What stands beside the line. */
export const neighbours = [
  {
    name: 'word2vec',
    source: 'Mikolov et al. 2013, arXiv:1310.4546',
    introduced: 'words as points, learnt from their neighbours',
    about: `Each word is a vector that predicts the words around it, against others drawn by chance. Differences of vectors
carry meaning. A word is the same in every sentence.`,
    recipes: ['word2vec'],
    published: 'analogies: 61% right (300 numbers a word, 15 negative samples)',
    scale: { tokens: 1e9 },
  },
  {
    name: 'ELMo',
    source: 'Peters et al. 2018, arXiv:1802.05365',
    introduced: "a word's vector depends on its sentence",
    about: `Two LSTM language models, one from the left and one from the right; a task takes a learnt mixture of their layers as
features of a word in its sentence. The network of the task is still its own.`,
    recipes: ['elmo'],
    published: 'relative errors 6 to 20% smaller on six tasks; SQuAD F1 from 81.1 to 85.8',
    scale: { parameters: 93.6e6 },
  },
  {
    name: 'BERT',
    source: 'Devlin et al. 2019, arXiv:1810.04805',
    introduced: 'masked words: both sides are seen at once',
    about: `An encoder guesses words that were hidden from it, so that every layer sees both sides. Fine-tuned like GPT-1, it
understands better and cannot write.`,
    recipes: ['bert'],
    published: 'GLUE 80.5, 7.7 points more than before',
    scale: { parameters: 340e6 },
  },
  {
    name: 'FLAN',
    source: 'Wei et al. 2022, arXiv:2109.01652',
    introduced: 'instruction tuning: many tasks, described in words',
    about: `Fine-tuned on many tasks that are written as instructions, a model does tasks of kinds that were held out, from
their descriptions alone.`,
    recipes: ['flan'],
    published: "better than GPT-3's zero-shot answers on 20 of 25 data sets",
    scale: { parameters: 137e9 },
  },
  {
    name: 'chain of thought',
    source: 'Wei et al. 2022, arXiv:2201.11903; self-consistency: Wang et al. 2023, arXiv:2203.11171',
    introduced: 'say the steps before the answer',
    about: `Where the examples in the prompt show the steps, the model writes steps too, and its answers are better; taking the
answer that most of several chains come to, better still.`,
    recipes: ['chain-of-thought'],
    published: 'GSM8K: from 17.9% to 56.9% (PaLM); self-consistency adds 17.9 points',
    scale: { parameters: 540e9 },
  },
  {
    name: 'DPO',
    source: 'Rafailov et al. 2023, arXiv:2305.18290',
    introduced: 'preferences without a reward model',
    about: `The best policy under a reward and a distance from the reference has a closed form, so the reward can be written as
a difference of log-probabilities and learnt from pairs directly: a classification loss in place of reinforcement learning.`,
    recipes: ['dpo'],
    published: "summaries preferred to people's about 61% of the time by GPT-4, where those of PPO reach 57%",
    scale: { parameters: 6e9 },
  },
  {
    name: 'KTO',
    source: 'Ethayarajh et al. 2024, arXiv:2402.01306',
    introduced: 'thumbs up or down, without pairs',
    about: `People rarely compare; they like an answer or they do not. A loss after prospect theory learns from that.`,
    recipes: ['kto'],
    published: 'as good as DPO or better, from 1 to 30 billion parameters',
    scale: { parameters: 30e9 },
  },
  {
    name: 'GRPO',
    source: 'Shao et al. 2024, arXiv:2402.03300',
    introduced: 'no critic: an answer is held against others to the same question',
    about: `PPO's value model is left out; the advantage of an answer is its reward less the mean of its group, over their
deviation. With rewards that can be checked, such as sums.`,
    recipes: ['grpo'],
    published: 'GSM8K from 82.9% to 88.2%, MATH from 46.8% to 51.7%',
    scale: { parameters: 7e9 },
  },
  {
    name: 'over-optimization',
    source: 'Gao et al. 2022, arXiv:2210.10760',
    introduced: 'what happens when a proxy is pursued too far',
    about: `Against the root of the KL divergence from where it started, the proxy's score climbs and the true score turns. For
best-of-n it is d (α − β d), for reinforcement learning d (α − β log d).`,
    recipes: ['over-optimization'],
    published: 'the true score turns; its form for best-of-n holds up to the best of 60,000 answers',
  },
];
