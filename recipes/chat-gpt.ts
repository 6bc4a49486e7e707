import { join, resolve } from 'node:path';
import { almanacTask } from '../src/cli/quickstart/almanac-task.js';
import { chatsOf, encodeDialogues, modelAsAncestor } from '../src/cli/stages/examples.js';
import { superviseFineTuning } from '../src/cli/stages/supervised.js';
import { loadModel } from '../src/formats/model-folder.js';
import { ChatTemplate } from '../src/tokenizer/chat.js';
import { type Grounds, alignmentRecipe, almanacConfig, followUps, overSeeds, shareRight } from './almanac.helper.js';
import { trainPpoPtx } from './instruct-gpt.js';

/** ChatGPT: InstructGPT's stages over dialogues, so that a question may go on from what was said before. */
export const recipe = alignmentRecipe({
  name: 'chat-gpt',
  title: 'ChatGPT: the same stages over dialogues of the pocket almanac',
  source:
    "after OpenAI 2022, 'Introducing ChatGPT': InstructGPT's methods on dialogues make a model that answers follow-up questions",
  method: 'PPO-ptx',
  seeds: [1, 2],
  scales: {
    smoke: 'one seed, a few steps of every stage',
    cpu: "PPO for seeds 1 and 2 on the quickstart's models, and a twin that was shown single questions: about 3 minutes on two cores, and 4 more where recipe almanac has not made those",
    gpu: 'the same at the medium scale',
  },
  train: trainPpoPtx,
  also: async (grounds, aligned) => {
    const { supervised } = grounds;
    const twin = await singleTurnTwin(grounds);
    const followed = shareRight(supervised, followUps);
    const missed = shareRight(twin, followUps);
    const questions = followUps.reduce((sum, kind) => sum + (supervised.byKind[kind]?.questions ?? 0), 0);
    const error = Math.sqrt((followed * (1 - followed) + missed * (1 - missed)) / questions);
    return [
      { metric: 'follow-up questions right: supervised on dialogues', value: followed },
      { metric: 'follow-up questions right: the same model supervised on single questions', value: missed },
      {
        metric: 'what dialogues add to follow-ups, less two standard errors',
        value: followed - missed - 2 * error,
        target: 0,
        direction: 'at least',
      },
      overSeeds(
        'follow-up questions right: PPO-ptx',
        aligned.map((exam) => shareRight(exam, followUps)),
      ),
    ];
  },
});

/** The same pretrained model, fine-tuned for as many steps on the first exchange of as many tokens of dialogues. */
async function singleTurnTwin({ context, scale, folder, foundation }: Grounds) {
  const pretrained = foundation.stages.find(({ stage }) => stage === 'pretraining')!;
  const parent = await loadModel(join(pretrained.folder, 'model'));
  const config = almanacConfig(scale, 1);
  const { chats } = almanacTask({
    config: { ...config, demonstrations: 2 * config.demonstrations },
    singleTurn: true,
  });
  const template = new ChatTemplate();
  const { tokenizer } = parent;
  const { contextLength } = parent.config;
  const { examples } = await encodeDialogues(chatsOf(chats), { tokenizer, template, contextLength });
  const { exam } = await foundation.stage('supervised', resolve(folder, 'single-turn-twin'), (out) =>
    superviseFineTuning(context, {
      out,
      config: config.supervised,
      parent,
      template,
      examples,
      pretraining: foundation.tokens.train,
      ancestors: [modelAsAncestor(parent), { role: 'data', name: 'almanac demonstrations, first exchanges' }],
    }),
  );
  return exam!;
}
