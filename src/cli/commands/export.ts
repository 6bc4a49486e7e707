import { Option } from 'commander';
import type { ExportFlags } from '../actions/export.js';
import { defineCommand } from '../command.js';

export const command = defineCommand<ExportFlags>({
  details: `Writes a language model with its tokenizer and chat template as one GGUF file, which llama.cpp, Ollama, LM Studio
and what else is built on llama.cpp run.

  descent export runs/quickstart --out almanac.gguf
  llama-cli -m almanac.gguf --jinja

There it computes what it computes here. A model that llama.cpp has no equal of is refused, with the setting that it is for.`,
  positional: [{ name: '<model>', summary: 'the model, or the run that made it' }],
  flags: (command) => {
    command
      .requiredOption('--out <file>', 'the file to write')
      .addOption(
        new Option('--type <type>', 'numbers of the matrices: f32 as they are, f16 in half the space')
          .choices(['f32', 'f16'])
          .default('f32'),
      );
  },
  run: async (invocation) => (await import('../actions/export.js')).exportCommand(invocation),
});
