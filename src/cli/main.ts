#!/usr/bin/env node
import { Command } from 'commander';
import type { CommandDefinition } from './command.js';

/** Commands by name. The one that is asked for is loaded, the others are not: help answers at once. */
const commands: Record<string, { summary: string; load: () => Promise<{ command: CommandDefinition }> }> = {
  quickstart: {
    summary: 'train a small ChatGPT through every stage of InstructGPT, and talk to it',
    load: () => import('./commands/quickstart.js'),
  },
};

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('descent')
    .description('From raw text to an aligned chat model of your own.')
    .helpOption('-h, --help', 'what there is')
    .showHelpAfterError();
  const { version } = await import('./version.js');
  program.version(version, '-v, --version', 'the version');
  const wanted = argv.find((word) => !word.startsWith('-'));
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const [first] = name.split(' ');
    if (first === wanted) {
      const { addCommand } = await import('./run-command.js');
      addCommand(program, (await load()).command, name);
    } else {
      program.command(name).description(summary);
    }
  }
  await program.parseAsync([...argv], { from: 'user' });
}

main(process.argv.slice(2)).catch(async (error: unknown) => {
  const { reportError } = await import('./run-command.js');
  reportError(error);
});
